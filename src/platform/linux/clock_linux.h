// The clocks of Linux as the core's Instant.
//
// Purpose: the one place where a clock is read.
// Units:   CLOCK_MONOTONIC nanoseconds; CLOCK_REALTIME only to turn the kernel's receive times
//          into monotonic ones.
#pragma once

#include <ctime>

#include "core/time.h"

namespace vippy::platform {

[[nodiscard]] inline core::Duration to_duration(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

[[nodiscard]] inline timespec to_timespec(core::Duration duration) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((duration - seconds).count())};
}

[[nodiscard]] inline core::Instant monotonic_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return core::Instant(to_duration(time));
}

// How long until `deadline`: zero when it is past, however long ago (no subtraction overflows).
[[nodiscard]] inline core::Duration time_left(core::Instant deadline) {
  const auto now = monotonic_now();
  return deadline <= now ? core::Duration::zero() : deadline - now;
}

// Both clocks at one moment.
struct ClockReading {
  core::Instant now{};
  core::Duration realtime_lead{};  // how far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC
  core::Duration doubt{};          // the lead is true to half of this
};

// CLOCK_REALTIME is read between two readings of CLOCK_MONOTONIC; whoever was interrupted between
// them tries again.
[[nodiscard]] inline ClockReading read_clocks() {
  constexpr int kAttempts = 3;
  constexpr core::Duration kGood = std::chrono::microseconds(2);
  ClockReading best;
  for (int i = 0; i < kAttempts; ++i) {
    const auto before = monotonic_now();
    timespec time{};
    ::clock_gettime(CLOCK_REALTIME, &time);
    const auto after = monotonic_now();
    const auto doubt = after - before;
    if (i == 0 || doubt < best.doubt) {
      best.realtime_lead = to_duration(time) - (before + doubt / 2).time_since_epoch();
      best.doubt = doubt;
    }
    best.now = after;
    if (doubt <= kGood) break;
  }
  return best;
}

}  // namespace vippy::platform
