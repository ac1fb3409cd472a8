// P3: a machine whose daemon was killed or hangs is off its addresses in time, by its guard; and a
// guard does nothing to a daemon that keeps its pace.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

class LetGo final : public Checker {
 public:
  std::string_view name() const override { return "let_go"; }
  bool applies(const Rules& rules) const override { return rules.has_guard; }

  void on_time(const Picture& picture, Instant now) override {
    const auto& rules = picture.rules();
    for (std::size_t i = 0; i < picture.machines().size(); ++i) {
      const auto& machine = picture.machines()[i];
      if (machine.runs() || machine.guard != DaemonState::running || said_.contains(i)) continue;
      // A guard that has just begun, or that slept itself, looks from then on.
      const auto since = std::max(machine.state_since, machine.guard_since);
      const bool is_dead = machine.state == DaemonState::off;
      const auto off_by = since + (is_dead ? rules.farewell() : rules.let_go());
      if (now > off_by) look_at_addresses(rules, machine, i, off_by);
      const auto dead_by = since + rules.let_go() + rules.guard_kill;
      if (is_dead || now <= dead_by || said_.contains(i)) continue;
      said_.insert(i);
      flag(dead_by, fmt::format("{} still hangs, and its guard has not ended it", rules.nodes[i]));
    }
  }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (const auto* daemon = std::get_if<seen::Daemon>(&entry.what)) said_.erase(daemon->machine);
    if (const auto* guard = std::get_if<seen::Guard>(&entry.what)) said_.erase(guard->machine);
    const auto* acts = std::get_if<seen::GuardActs>(&entry.what);
    if (acts == nullptr || !acts->silent_for) return;
    const auto& rules = picture.rules();
    const bool kills = acts->deed == GuardDeed::kills;
    if (*acts->silent_for > rules.stale + (kills ? rules.guard_kill : Duration{})) return;
    flag(entry.at, fmt::format("the guard of {} {}, which got round {:.3f} ms before",
                               rules.nodes[acts->machine], words(acts->deed),
                               milliseconds(*acts->silent_for)));
  }

 private:
  static std::string_view words(GuardDeed deed) {
    switch (deed) {
      case GuardDeed::speaks: return "says that it leaves";
      case GuardDeed::lets_go: return "takes the addresses of a daemon away";
      case GuardDeed::kills: return "kills a daemon";
    }
    return "";
  }

  void look_at_addresses(const Rules& rules, const MachinePicture& machine, std::size_t index,
                         Instant deadline) {
    const auto held = std::find_if(machine.addresses.begin(), machine.addresses.end(),
                                   [](const auto& address) { return address.second; });
    if (held == machine.addresses.end()) return;
    said_.insert(index);
    flag(deadline, fmt::format("{} still has {}, and its daemon is {}", rules.nodes[index],
                               core::format(held->first),
                               machine.state == DaemonState::off ? "dead" : "frozen"));
  }

  std::set<std::size_t> said_;
};

}  // namespace

std::unique_ptr<Checker> let_go() { return std::make_unique<LetGo>(); }

}  // namespace vippy::sim
