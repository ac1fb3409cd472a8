// P10: own lateness is not the peers' death, and who was silent too long while others ran on lets
// go before it speaks.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/checkers/all.h"

namespace vippy::sim {

namespace {

class Lateness final : public Checker {
 public:
  std::string_view name() const override { return "lateness"; }

  void on_entry(const Picture& picture, const Entry& entry) override {
    if (const auto* said = std::get_if<seen::Said>(&entry.what)) {
      on_said(picture, *said, entry.at);
    } else if (const auto* word = std::get_if<seen::FirstWord>(&entry.what)) {
      on_first_word(picture, *word, entry.at);
    }
  }

 private:
  // In touch before the machine stood still, and heard ever since?
  static bool has_one_run_on(const Picture& picture, std::size_t sleeper, Instant now) {
    const auto& machines = picture.machines();
    const auto& rules = picture.rules();
    const auto settled = machines[sleeper].paused - rules.settle();
    for (std::size_t other = 0; other < machines.size(); ++other) {
      if (other == sleeper || !is_well_heard(picture, other, sleeper, now)) continue;
      if (may_have_been_silent(picture, other, now)) continue;
      if (picture.hears_since(other, sleeper) < settled) return true;
    }
    return false;
  }

  void on_said(const Picture& picture, const seen::Said& said, Instant now) {
    const auto* silent = std::get_if<core::event::PeerSilent>(&said.event);
    if (silent == nullptr) return;
    const auto peer = picture.index_of(silent->node);
    if (peer == kNone || !is_well_heard(picture, peer, said.machine, now)) return;
    flag(now, fmt::format("{} says that {} is silent, and it was not",
                          picture.rules().nodes[said.machine], silent->node));
  }

  void on_first_word(const Picture& picture, const seen::FirstWord& word, Instant now) {
    if (!picture.rules().speaks_2() || word.silent_for <= picture.rules().stale) return;
    const auto& addresses = picture.machines()[word.machine].addresses;
    const auto held = std::find_if(addresses.begin(), addresses.end(),
                                   [](const auto& address) { return address.second; });
    if (held == addresses.end()) return;
    if (!has_one_run_on(picture, word.machine, now)) return;
    flag(now, fmt::format("{} did nothing for longer than stale and speaks while it has {}",
                          picture.rules().nodes[word.machine], core::format(held->first)));
  }
};

}  // namespace

std::unique_ptr<Checker> lateness() { return std::make_unique<Lateness>(); }

}  // namespace vippy::sim
