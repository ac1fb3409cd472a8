// Connections on the management socket.
//
// Purpose: accept, read, write and close without ever waiting for anybody.
// Units:   octets.
// Bounds:  kStreamsMax connections; kStreamInputOctets read a wait and connection;
//          kStreamOutputOctetsMax unsent for each. When all places are taken, the connection that
//          has been idle longest makes room; when none is idle, the new one is turned away (a
//          client that asks nothing must not lock out the operator).
// Errors:  a connection that breaks is a StreamClosed event; one that does not read is closed
//          with a Notice when its output does not fit or when nothing moved for
//          kStreamLingerMax after StreamClose.
// Order:   bytes leave in the order given. Spans in events stay valid until the next read().
// Source:  unix(7): SO_PEERCRED.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "platform/linux/loop.h"
#include "platform/linux/stream_listener.h"
#include "platform/notices.h"
#include "platform/platform.h"

namespace vippy::platform {

inline constexpr std::size_t kStreamsMax = 64;
inline constexpr std::size_t kStreamInputOctets = 16UL * 1024;
// The status of 32,768 VIPs in JSON, 512 octets each.
inline constexpr std::size_t kStreamOutputOctetsMax = 16UL << 20U;
inline constexpr core::Duration kStreamLingerMax = std::chrono::seconds(10);

class Streams {
 public:
  // Tokens from `first_token` on are ours: the listener's, then one for each place.
  Streams(Loop& loop, WatchToken first_token);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  [[nodiscard]] int open(const OpenManagement& request, Notices& notices);
  [[nodiscard]] bool is_ours(WatchToken token) const {
    return token >= first_token_ && token <= first_token_ + kStreamsMax;
  }
  void on_ready(WatchToken token, std::vector<Event>& out, Notices& notices, core::Instant now);
  void send(const StreamSend& request, Notices& notices, core::Instant now);
  void close(const StreamClose& request, core::Instant now);

  // Events that requests have caused: connections that broke while being written to.
  void take_broken(std::vector<Event>& out);
  [[nodiscard]] core::Instant next_deadline() const;
  void on_deadline(Notices& notices, core::Instant now);

 private:
  struct Connection {
    Descriptor socket;
    StreamId id = 0;
    bool is_announced = false;  // the daemon knows the id and has not heard of its end
    bool is_closing = false;    // closed as soon as the output has left
    core::Instant active{};     // when something last moved
    std::vector<std::uint8_t> output;
    std::size_t sent = 0;
    [[nodiscard]] bool has_output() const { return sent < output.size(); }
  };

  void accept(std::vector<Event>& out, Notices& notices, core::Instant now);
  void place(Descriptor socket, std::vector<Event>& out, Notices& notices, core::Instant now);
  void refuse_for_want_of_descriptors(Notices& notices, core::Instant now);
  void read(std::size_t place, std::vector<Event>& out, core::Instant now);
  void write(std::size_t place, core::Instant now);
  void watch(std::size_t place);
  void drop(std::size_t place);
  [[nodiscard]] Connection* find(StreamId id, std::size_t* place);
  [[nodiscard]] WatchToken token_of(std::size_t place) const {
    return first_token_ + 1 + static_cast<WatchToken>(place);
  }

  Loop& loop_;
  WatchToken first_token_;
  std::unique_ptr<StreamListener> listener_;
  Descriptor reserve_;  // given up to accept and refuse when descriptors run out
  std::array<std::unique_ptr<Connection>, kStreamsMax> places_;
  std::array<std::array<std::uint8_t, kStreamInputOctets>, kStreamsMax> inputs_;
  std::vector<StreamId> broken_;
  StreamId last_id_ = 0;
};

}  // namespace vippy::platform
