// What the guard decides: when the daemon is dead or hung, and what is done on its behalf, when.
//
// Purpose: a daemon that died or stopped beating is off its addresses within `stale`, and a daemon
//          that is alive is never touched.
// Purity:  a state machine: views in, steps out. No clock, no memory that is shared, no system;
//          the process around it is guard_main.cpp, the simulator may be another.
// Units:   core::Instant, core::Duration.
// Bounds:  kWills announcements of leaving a farewell; kRemovalsMax attempts to remove.
//          A guard that was late itself gives a silent daemon as much once more, at most `stale`.
// Errors:  what could not be removed is tried again; the view says whether anything is left.
// Order:   a hang is acted upon only after the fence is up and the daemon was looked at once more.
//          `now` of a view is read before `beat_at`: a guard that is late never sees a daemon older
//          than it is.
// Source:  docs/architecture.md, "The guard"; docs/adr/0006-guard.md.
#pragma once

#include <cstdint>

#include "core/time.h"

namespace vippy::hall {

struct GuardView {
  core::Instant now{};
  core::Instant beat_at{};        // the daemon's latest turn
  core::Duration stale{};         // zero: not told yet, only a death counts
  core::Duration kill_after{};    // from the farewell to a daemon that hangs
  core::Duration hand_over{};     // from the farewell to the removal
  bool is_dead = false;           // the daemon's process has ended
  bool is_leaving = false;        // it ended, or will end, in good order: nothing is left to do
  bool is_fence_up = false;       // raised, and the daemon has not acknowledged it
  bool is_clean = false;          // the latest removal left nothing behind
};

struct GuardSteps {
  bool raise_fence = false;
  bool lower_fence = false;  // if the daemon has not seen it yet
  bool send_will = false;
  bool let_go = false;  // after send_will
  bool kill = false;
  bool end = false;
  core::Instant look_again{};
};

class Guard {
 public:
  static constexpr unsigned kWills = 3;
  static constexpr core::Duration kWillPause = std::chrono::milliseconds(1);
  static constexpr unsigned kRemovalsMax = 100;
  static constexpr core::Duration kRemovalPause = std::chrono::milliseconds(5);
  static constexpr core::Duration kDeathPause = std::chrono::milliseconds(100);

  // To be called when `look_again` has come, when the daemon died or when it sent word.
  [[nodiscard]] GuardSteps step(const GuardView& view);

  enum class State : std::uint8_t { watching, suspecting, leaving, fenced, killing, done };
  [[nodiscard]] State state() const { return state_; }

 private:
  [[nodiscard]] bool overslept(const GuardView& view) const;
  [[nodiscard]] core::Duration grace_for(const GuardView& view) const;
  void watch(const GuardView& view, GuardSteps& steps);
  void suspect(const GuardView& view, GuardSteps& steps);
  void begin_leaving(const GuardView& view, GuardSteps& steps);
  void leave(const GuardView& view, GuardSteps& steps);
  void say_will(const GuardView& view, GuardSteps& steps);
  void remove(const GuardView& view, GuardSteps& steps);
  [[nodiscard]] bool is_removal_over(const GuardView& view) const;
  void stay_fenced(const GuardView& view, GuardSteps& steps);
  void wait_for_death(const GuardView& view, GuardSteps& steps);

  State state_ = State::watching;
  core::Instant planned_ = core::Instant::max();  // the look_again of the step before
  bool has_had_grace_ = false;
  core::Instant left_at_{};  // when the farewell began
  core::Instant next_will_{};
  unsigned wills_ = 0;
  core::Instant next_removal_{};
  unsigned removals_ = 0;
  core::Instant kill_at_{};
};

}  // namespace vippy::hall
