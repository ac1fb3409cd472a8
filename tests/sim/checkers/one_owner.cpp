// P1: when faults stop, every address is on exactly one machine that runs a daemon, in a bound.
#include <fmt/format.h>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class OneOwner final : public Checker {
 public:
  std::string_view name() const override { return "one_owner"; }

  void on_time(const Picture& picture, Instant now) override {
    if (looked_ || !picture.must_be_right(now)) return;
    looked_ = true;
    look(picture, picture.peace()->first + picture.peace()->second.within);
  }
  void on_entry(const Picture& picture, const Entry& entry) override {
    if (std::holds_alternative<seen::Peace>(entry.what)) looked_ = false;
    const bool matters = std::holds_alternative<seen::Address>(entry.what) ||
                         std::holds_alternative<seen::Daemon>(entry.what);
    if (matters && picture.must_be_right(entry.at)) look(picture, entry.at);
  }
  void on_end(const Picture& picture, Instant now) override {
    on_time(picture, now);
    if (!picture.must_be_right(now)) return;
    for (const auto& [entry, machine] : picture.caches()) {
      look_at_cache(picture, entry, machine, now);
    }
  }

 private:
  void look(const Picture& picture, Instant at) {
    for (const auto& vip : vips_of(*picture.peace()->second.shared)) {
      std::string names;
      std::size_t owners = 0;
      for (const auto holder : picture.holders(vip)) {
        const bool runs = picture.machines()[holder].runs();
        if (!runs && !picture.rules().has_guard) continue;
        names += " " + picture.rules().nodes[holder];
        owners += runs ? 1 : 2;  // without a daemon it is one too many
      }
      if (owners == 1) continue;
      flag(at, owners == 0 ? fmt::format("{} is nowhere", core::format(vip))
                           : fmt::format("{} is on{}", core::format(vip), names));
    }
  }

  void look_at_cache(const Picture& picture, const std::pair<std::size_t, core::IpAddress>& entry,
                     std::size_t machine, Instant now) {
    for (const auto& vip : vips_of(*picture.peace()->second.shared)) {
      if (vip.address != entry.second) continue;
      const auto holders = picture.holders(vip);
      if (holders.size() != 1 || holders.front() == machine) continue;
      flag(now, fmt::format("host {} sends what is for {} to {}, but it is on {}", entry.first + 1,
                            core::format(vip.address),
                            machine == kNone ? "nobody" : picture.rules().nodes[machine],
                            picture.rules().nodes[holders.front()]));
    }
  }

  bool looked_ = false;
};

}  // namespace

std::unique_ptr<Checker> one_owner() { return std::make_unique<OneOwner>(); }

}  // namespace vippy::sim
