// P3: a machine whose daemon was killed or hangs is off its addresses within `stale`.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class LetGo final : public Checker {
 public:
  std::string_view name() const override { return "let_go"; }
  bool applies(const Rules& rules) const override { return rules.has_guard; }

  void on_time(const Picture& picture, Instant now) override {
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      const auto& machine = picture.machines()[i];
      const auto deadline = machine.state_since + picture.rules().stale + picture.rules().kernel;
      if (machine.runs() || now <= deadline || said_.contains(i)) continue;
      const auto held = std::find_if(machine.addresses.begin(), machine.addresses.end(),
                                     [](const auto& address) { return address.second; });
      if (held == machine.addresses.end()) continue;
      said_.insert(i);
      flag(deadline, fmt::format("{} still has {}, and its daemon is {}", picture.rules().nodes[i],
                                 core::format(held->first),
                                 machine.state == DaemonState::off ? "dead" : "frozen"));
    }
  }
  void on_entry(const Picture&, const Entry& entry) override {
    if (const auto* daemon = std::get_if<seen::Daemon>(&entry.what)) said_.erase(daemon->machine);
  }

 private:
  std::set<std::size_t> said_;
};

}  // namespace

std::unique_ptr<Checker> let_go() { return std::make_unique<LetGo>(); }

}  // namespace vippy::sim
