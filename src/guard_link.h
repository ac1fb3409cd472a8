// The daemon's end of its guard: starts it, tells it everything, notices when it is gone.
//
// Purpose: what has to be on the board is there at every moment; there is always a guard.
// Purity:  the system is behind platform/guard_host.h; time is handed in.
// Units:   core::Instant, core::Duration; SCHED_FIFO priorities.
// Bounds:  kVipsMax held addresses, kRouteTargetsMax targets, one datagram. beat(), set_will() and
//          was_fenced() without news allocate nothing.
// Errors:  notices. Without a guard the daemon works on, and says that it is unguarded; it is tried
//          again after 100 ms, doubling up to 10 s.
// Order:   start() before privileges are dropped. holding() before the kernel is asked for an
//          address, let_go() after it has gone. was_fenced() at the beginning of each turn, before
//          anything is sent; beat() at its end.
// Source:  docs/architecture.md, "The guard".
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/config.h"
#include "core/ip.h"
#include "core/status.h"
#include "core/time.h"
#include "guard_board.h"
#include "platform/guard_host.h"

namespace vippy::hall {

struct GuardSetup {
  std::string program;    // empty: where it was installed
  std::string name;       // what no other daemon here has: the path of the management socket
  bool has_tags = false;  // Capabilities::address_tags
};

struct GuardTimes {
  core::Duration stale{};       // zero: only a death counts
  core::Duration kill_after{};
  core::Duration hand_over{};   // from the announcement of leaving to the removal
  int priority = 0;             // SCHED_FIFO, 0: the usual
  auto operator<=>(const GuardTimes&) const = default;
};

struct GuardNotice {
  core::Priority priority = core::Priority::notice;
  std::string text;
};

class GuardLink {
 public:
  explicit GuardLink(std::unique_ptr<platform::GuardProcess> process);

  // False: there is no guard; the notice says why, and it may be tried again.
  bool start(const GuardSetup& setup, core::Instant now);
  // The daemon is alive at `now`. Also notices a guard that ended, and starts another.
  void beat(core::Instant now);

  // When the next beat is due, long before the guard would act: a bound for the daemon's sleep.
  [[nodiscard]] core::Instant beat_by() const;

  void set_times(const GuardTimes& times);
  // The datagram that says that this node leaves, as it would be sent now.
  void set_will(std::span<const std::uint8_t> datagram);
  // Where it goes; what is beyond kRouteTargetsMax is left out.
  void set_route(std::span<const platform::WillTarget> targets);

  // An address of ours. Both may be said twice; false: there is no room.
  bool holding(const platform::HeldAddress& held);
  void let_go(const platform::HeldAddress& held);

  // The guard took this daemon for hung: it has said that this node leaves, and has removed its
  // addresses or would have so much later. A value once for each time. It counts as a beat, or else
  // the guard would find the fence down and the daemon silent, and raise it again.
  [[nodiscard]] std::optional<core::Duration> was_fenced(core::Instant now);
  // The addresses are gone and the farewell is said: the guard ends and does nothing.
  void leave_cleanly();

  [[nodiscard]] std::optional<GuardNotice> take_notice();
  // There is a guard, or there will be one again.
  [[nodiscard]] bool is_started() const { return is_wanted_; }
  [[nodiscard]] bool is_guarded() const { return process_->is_running() && is_ready_; }
  [[nodiscard]] int guard_process() const { return process_->process(); }
  // What an operator is shown of it.
  void show(core::Status& status, core::Instant now) const;
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  [[nodiscard]] std::uint64_t fences() const { return fences_; }

 private:
  struct HeldHash {
    std::size_t operator()(const platform::HeldAddress& held) const noexcept {
      return core::IpAddressHash{}(held.prefix.address) * 31 + held.index;
    }
  };
  void tend(core::Instant now);
  void launch(core::Instant now);
  void on_ready(const platform::Fitness& fitness);
  void on_gone(core::Instant now);
  void note_its_look(core::Instant now, core::Duration passed);
  void say(core::Priority priority, std::string text);

  std::unique_ptr<platform::GuardProcess> process_;
  Board* board_;
  GuardSetup setup_;
  GuardTimes times_;
  bool is_wanted_ = false;
  bool is_ready_ = false;
  std::optional<core::Instant> unguarded_since_;  // absent: it is guarded
  std::int64_t looked_at_ = 0;      // by the guard, as the board said last
  core::Duration unseen_for_{};     // so long the board has not said otherwise
  std::optional<core::Instant> stands_still_since_;
  core::Instant tended_at_{};
  core::Instant listen_at_{};
  core::Instant launch_at_{};
  core::Instant launched_at_{};
  core::Duration pause_{};
  std::uint64_t restarts_ = 0;
  std::uint64_t fences_ = 0;
  std::unordered_map<platform::HeldAddress, std::uint32_t, HeldHash> slots_;
  std::vector<std::uint32_t> free_;
  std::uint32_t slots_end_ = 0;
  bool is_full_said_ = false;
  std::deque<GuardNotice> notices_;
};

}  // namespace vippy::hall
