// What holds for one run: its protocol, its times, its names.
//
// Purpose: checkers take every bound from here, and are switched by the protocol here.
// Purity:  values.
// Units:   Duration.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/time.h"

namespace vippy::sim {

struct Rules {
  unsigned protocol = 1;
  core::Duration interval{};
  core::Duration stale{};
  core::Duration mature{};
  core::Duration refresh{};
  core::Duration delay = std::chrono::microseconds(400);   // the healthy segment's longest
  core::Duration kernel = std::chrono::microseconds(440);  // an address, and its notification
  bool has_guard = false;
  core::Duration guard_kill{};
  std::vector<std::string> nodes;  // by machine

  [[nodiscard]] bool speaks_2() const { return protocol >= 2; }
  // A planned hand-over (P2).
  [[nodiscard]] core::Duration hand_over() const {
    return 2 * interval + std::chrono::milliseconds(5) + 2 * delay + kernel;
  }
  // From loss to the new owner's first frame (P7).
  [[nodiscard]] core::Duration take_over() const {
    return stale + interval + std::chrono::milliseconds(1) + 2 * delay + kernel;
  }
  // From the guard's first word for its daemon to the removal, and so from a daemon's death (P3).
  [[nodiscard]] core::Duration farewell() const {
    return std::min<core::Duration>(stale, std::chrono::milliseconds(3)) + kernel;
  }
  // A node that was late says nothing until it has let go.
  [[nodiscard]] core::Duration silence() const {
    return stale + 2 * interval + std::chrono::milliseconds(2) + kernel;
  }
  // From a daemon's last turn to the removal of what it held (P3).
  [[nodiscard]] core::Duration let_go() const { return stale + farewell(); }
  // From the end of all faults to one owner (P1), when daemons may have to mature first.
  [[nodiscard]] core::Duration settle() const {
    return mature + 2 * stale + 4 * interval + 4 * delay + 2 * kernel;
  }
  // From one owner to the first frame that every neighbour heeds, on a healthy network. Two nodes
  // of protocol 1 that become active together may both speak, and the loser last: then the owner's
  // second round tells the truth.
  [[nodiscard]] core::Duration quick() const {
    const core::Duration round = speaks_2() ? core::Duration{} : std::chrono::milliseconds(100);
    return round + interval + std::chrono::milliseconds(1) + 2 * delay;
  }
  // The owner's last word after a conflict (P13).
  [[nodiscard]] core::Duration last_word() const {
    return speaks_2() ? settle() : settle() + converge();
  }
  // From one owner to every neighbour's cache (P12): the last repetition that protocol 1 sends.
  [[nodiscard]] core::Duration converge() const {
    return std::chrono::seconds(5) + refresh + 2 * delay;
  }
};

[[nodiscard]] inline Rules rules_of(const core::Config& config) {
  Rules rules;
  rules.protocol = core::speaks_2(config.protocol) ? 2 : 1;
  rules.interval = config.interval;
  rules.stale = config.stale;
  rules.mature = config.mature;
  rules.refresh = config.notify_refresh;
  rules.guard_kill = config.guard_kill;
  rules.nodes = config.shared->nodes;
  return rules;
}

}  // namespace vippy::sim
