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

// How far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC at this moment.
[[nodiscard]] inline core::Duration realtime_lead(core::Instant now) {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return to_duration(time) - now.time_since_epoch();
}

}  // namespace vippy::platform
