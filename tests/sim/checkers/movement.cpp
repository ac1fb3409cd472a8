// P9: a group never moves between two nodes that are both well and unaffected.
#include <fmt/format.h>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Movement final : public Checker {
 public:
  std::string_view name() const override { return "movement"; }

  void on_entry(const Picture& picture, const Entry& entry) override {
    const auto* said = std::get_if<seen::Said>(&entry.what);
    if (said == nullptr) return;
    const auto* moved = std::get_if<core::event::GroupMoved>(&said->event);
    if (moved == nullptr) return;
    const auto from = picture.index_of(moved->from);
    const auto to = picture.index_of(moved->to);
    if (from == kNone || to == kNone) return;
    // What a kernel refused comes back to the node a while later.
    constexpr core::Duration kRefused = std::chrono::seconds(5);
    if (!picture.kernels_are_well(kRefused + picture.rules().settle(), entry.at)) return;
    // Protocol 1 knows only what each node hears by itself: with faults anywhere it may be wrong.
    if (!picture.rules().speaks_2() && picture.is_troubled()) return;
    for (const auto machine : {from, to, said->machine}) {
      if (!is_unaffected(picture, machine, entry.at)) return;
    }
    for (const auto one : {from, to, said->machine}) {
      for (const auto other : {from, to, said->machine}) {
        if (one != other && !hears_well(picture, one, other, entry.at)) return;
      }
    }
    flag(entry.at, fmt::format("{} says that {} moves from {} to {} ({}), and both are well",
                               picture.rules().nodes[said->machine], moved->group, moved->from,
                               moved->to, core::name(moved->reason)));
  }

 private:
  static bool hears_well(const Picture& picture, std::size_t from, std::size_t to, Instant now) {
    return picture.hears(from, to) &&
           now - picture.hears_since(from, to) > picture.rules().settle();
  }

  static bool is_unaffected(const Picture& picture, std::size_t index, Instant now) {
    const auto& machine = picture.machines()[index];
    const auto is_old = [&](Instant since) { return now - since > picture.rules().settle(); };
    return machine.state == DaemonState::running && machine.is_active && is_old(machine.started) &&
           is_old(machine.hit) && is_old(machine.state_since) &&
           is_old(machine.configured.value_or(now)) && is_old(machine.inactive.value_or(now)) &&
           all_agree(picture);
  }
};

}  // namespace

std::unique_ptr<Checker> movement() { return std::make_unique<Movement>(); }

}  // namespace vippy::sim
