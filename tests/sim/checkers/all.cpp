#include "tests/sim/checkers/all.h"

#include <algorithm>

#include "core/graduate.h"

namespace vippy::sim {

Checkers all_checkers() {
  Checkers out;
  for (const auto make : {one_owner, overlap, let_go, foreign, config, take_over, no_gap, movement,
                          lateness, convergence, conflicts, reasons}) {
    out.push_back(make());
  }
  return out;
}

bool agree(const MachinePicture& one, const MachinePicture& other) {
  return one.shared && other.shared && core::same_to_cluster(*one.shared, *other.shared);
}

bool all_agree(const Picture& picture) {
  const MachinePicture* first = nullptr;
  for (const auto& machine : picture.machines()) {
    if (!machine.runs()) continue;
    if (first == nullptr) first = &machine;
    if (!agree(*first, machine)) return false;
  }
  return first != nullptr;
}

bool is_well_heard(const Picture& picture, std::size_t from, std::size_t to, Instant now) {
  const auto& speaker = picture.machines()[from];
  const auto& listener = picture.machines()[to];
  const auto& rules = picture.rules();
  const auto enough = rules.stale + 2 * rules.interval + rules.delay;
  const auto is_old = [&](Instant since) { return now - since > enough; };
  // A new session has to be echoed before it is believed, and the listener did nothing meanwhile.
  const bool is_unproven = rules.speaks_2() && speaker.started >= listener.paused &&
                           now - listener.state_since <= rules.settle();
  if (is_unproven) return false;
  return speaker.state == DaemonState::running && is_old(speaker.state_since) &&
         picture.hears(from, to) && is_old(picture.hears_since(from, to)) &&
         agree(speaker, listener) && is_old(speaker.configured.value_or(now)) &&
         is_old(listener.configured.value_or(now));
}

bool may_have_been_silent(const Picture& picture, std::size_t node, Instant now) {
  const auto& rules = picture.rules();
  const auto enough = rules.silence() + rules.stale + 2 * rules.interval + rules.delay;
  return now - picture.machines()[node].state_since <= enough;
}

}  // namespace vippy::sim
