// The kernel's receive times as the core's Instant.
//
// Purpose: SO_TIMESTAMPNS gives CLOCK_REALTIME; the core knows only the monotonic clock.
// Bounds:  a clock that was set in between must not make the past longer or the future begin: a
//          receive time lies between when its socket was last seen empty and now.
// Source:  socket(7), Documentation/networking/timestamping.rst.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/time.h"
#include "platform/linux/clock_linux.h"

namespace vippy::platform {

// The clock readings that receive times of one batch are converted with.
struct ReceiveClock {
  core::Instant earliest{};  // nothing of this batch was there before
  core::Instant now{};
  core::Duration realtime_lead{};
};

// Between the last receive of a batch and the reading of the clock.
inline constexpr core::Duration kReadingTime = std::chrono::milliseconds(1);

// nullopt: this control message is no receive time.
[[nodiscard]] inline std::optional<core::Duration> read_stamp(const cmsghdr* message) {
  timespec time{};
  if (message->cmsg_level != SOL_SOCKET || message->cmsg_type != SCM_TIMESTAMPNS ||
      message->cmsg_len < CMSG_LEN(sizeof(time))) {
    return std::nullopt;
  }
  std::memcpy(&time, CMSG_DATA(message), sizeof(time));
  return to_duration(time);
}

// `stamp`: nullopt when the kernel gave none.
[[nodiscard]] inline core::Instant receive_time(const std::optional<core::Duration>& stamp,
                                                const ReceiveClock& clock) {
  if (!stamp) return clock.now;
  const core::Instant received(*stamp - clock.realtime_lead);
  return std::clamp(received, std::min(clock.earliest, clock.now), clock.now);
}

}  // namespace vippy::platform
