// The guard at work: looks at the board, lets Guard decide, and has it done.
//
// Purpose: the guard's process without the process: the same in vippy-guard and in the simulator.
// Purity:  the system is behind platform/guard_host.h; what is decided is in guard.h.
// Units:   core::Instant of GuardHost::now().
// Bounds:  one datagram, kRouteTargetsMax targets, kVipsMax addresses; nothing is allocated after
//          the constructor.
// Errors:  what cannot be sent is not sent; what cannot be removed is tried again, and the board
//          says what the system said.
// Order:   turn() when the time has come that the turn before named, when the daemon died or when
//          it sent word.
// Source:  docs/architecture.md, "The guard".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/limits.h"
#include "guard.h"
#include "guard_board.h"
#include "platform/guard_host.h"

namespace vippy::hall {

class GuardWatch {
 public:
  GuardWatch(platform::GuardHost& host, Board& board);

  // When to look again; nullopt: nothing is left to do.
  [[nodiscard]] std::optional<core::Instant> turn(bool is_dead);

 private:
  [[nodiscard]] GuardView look();
  void follow();
  [[nodiscard]] std::size_t held_end() const;
  void perform(const GuardSteps& steps);
  void send_will();
  void let_go();
  void say_what_was_done();

  platform::GuardHost& host_;
  Board& board_;
  Guard guard_;
  bool is_dead_ = false;
  bool is_clean_ = false;
  bool has_killed_ = false;
  std::int32_t priority_ = 0;
  std::size_t kept_ = 0;
  std::vector<platform::HeldAddress> held_;
  std::array<std::uint8_t, core::kDatagramOctetsMax> will_{};
  std::array<std::uint8_t, kRouteTargetsMax * sizeof(platform::WillTarget)> route_{};
};

}  // namespace vippy::hall
