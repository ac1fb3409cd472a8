// One HTTP request over a Unix socket.
//
// Purpose: vippyctl's only way to the daemon, ours or the reference's.
// Units:   the time limit spans the whole exchange.
// Bounds:  kReplyOctetsMax octets of body; never longer than the time limit.
// Errors:  ClientFailure, with a text that says what to look at.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"

namespace vippy::ctl {

inline constexpr std::size_t kReplyOctetsMax = 64U << 20U;
inline constexpr std::size_t kSocketPathOctetsMax = 107;  // sun_path is 108 with its NUL

enum class ClientError : std::uint8_t {
  no_daemon,  // nobody answers at the socket
  timed_out,  // no complete answer within the time limit
  broken,     // an answer that is not HTTP, is cut short or does not end
};

struct ClientFailure {
  ClientError error{};
  std::string text;
};

struct Reply {
  long status = 0;
  std::string body;
};

// GET `target` ("/status") at the socket, or with a body POST.
[[nodiscard]] core::Result<Reply, ClientFailure> ask(
    const std::string& socket, const std::string& target, std::chrono::milliseconds limit,
    const std::optional<std::string>& body = std::nullopt);

}  // namespace vippy::ctl
