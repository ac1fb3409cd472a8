// The inner seam of the Linux platform: which descriptors have something to say.
//
// Purpose: io_uring and epoll behind one class, so that everything above is written once.
// Bounds:  kDatagramsPerWaitMax datagrams per wait(); what is left stays in the socket. At most
//          kWatchesMax descriptors are watched.
// Errors:  a watched descriptor that fails is reported as ready: its owner reads the error.
// Order:   readiness is level-triggered: what was not drained is reported again. Buffers of
//          datagrams stay valid until recycle(); wait() never recycles by itself.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "core/time.h"

namespace vippy::platform {

// Names a watch. The owner chooses it; it is unique among live watches.
using WatchToken = std::uint32_t;

inline constexpr std::size_t kDatagramsPerWaitMax = 64;
inline constexpr std::size_t kControlOctets = 128;  // pktinfo (v6: 40) + timestamp (32) + slack
inline constexpr std::size_t kWatchesMax = 128;

// One received message before anybody has looked at it.
struct RawDatagram {
  WatchToken token = 0;
  std::span<const std::uint8_t> payload;
  const sockaddr* source = nullptr;
  socklen_t source_length = 0;
  msghdr control{};  // only the msg_control fields are set
};

struct Ready {
  std::vector<WatchToken> tokens;  // readable, writable (when asked for) or broken
  std::vector<RawDatagram> datagrams;
  void clear() {
    tokens.clear();
    datagrams.clear();
  }
};

enum class Interest : std::uint8_t { read, write, read_write };

class Loop {
 public:
  virtual ~Loop() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;  // "io_uring", "epoll"

  // Begins to watch, or changes what is watched for. An errno value, 0 = done.
  [[nodiscard]] virtual int watch(int fd, WatchToken token, Interest interest) = 0;
  // Receives datagrams from a UDP socket by itself.
  [[nodiscard]] virtual int watch_datagrams(int fd, WatchToken token) = 0;
  // Before the descriptor is closed. Nothing is reported for the token afterwards.
  virtual void unwatch(WatchToken token) = 0;

  // Blocks until something is ready or `deadline`; adds to `out`. An errno value, 0 = done.
  [[nodiscard]] virtual int wait(core::Instant deadline, Ready& out) = 0;

  // The caller is done with all datagrams handed out so far.
  virtual void recycle() = 0;
};

// A loop, or null with *cause set to a text that names the reason and the remedy.
[[nodiscard]] std::unique_ptr<Loop> make_uring_loop(std::string* cause);
[[nodiscard]] std::unique_ptr<Loop> make_epoll_loop(std::string* cause);

}  // namespace vippy::platform
