// The management server: what happens on each connection, without sockets and clocks.
//
// Purpose: bytes of many connections in; commands for the hall and bytes to send out.
// Purity:  no sockets, no clock; `now` and the HTTP date are handed in as a Moment. Decides
//          nothing: a command is a question that the hall answers with answer().
// Bounds:  kConnectionsMax connections; kPendingOctetsMax octets wait on each; one question of a
//          connection is open at a time; a connection that was sent kRepliedOctetsMax is closed
//          after the reply, so that a peer that never reads cannot pile up replies.
// Errors:  a bad request is answered with its status code and the connection closed; late answers
//          and unknown streams are ignored.
// Order:   replies leave in the order of the requests. next_deadline() says when expire() is due.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "ctl/command.h"
#include "ctl/http.h"

namespace vippy::ctl {

using StreamId = std::uint64_t;

inline constexpr std::size_t kConnectionsMax = 64;
inline constexpr std::size_t kPendingOctetsMax = 2 * (kHeadOctetsMax + kBodyOctetsMax);
inline constexpr std::size_t kRepliedOctetsMax = 4U << 20U;
// A connection may be idle this long, and a request may take this long to become complete.
inline constexpr core::Duration kPatience = std::chrono::seconds(5);

struct Moment {
  core::Instant now;
  std::string_view date;  // "Sun, 22 Nov 2026 08:13:24 GMT"
};

// Octets to send on a stream; `close` after they have left.
struct Outgoing {
  StreamId stream = 0;
  std::string bytes;
  bool close = false;
};

struct Question {
  StreamId stream = 0;
  std::uint64_t number = 0;  // of this server, never used twice
  Command command;
};

struct ServerOutput {
  std::vector<Outgoing> outgoing;
  std::vector<Question> questions;  // each to be answered, now or later
};

class Server {
 public:
  void on_opened(StreamId stream, Moment moment, ServerOutput& out);
  void on_bytes(StreamId stream, std::span<const std::uint8_t> bytes, Moment moment,
                ServerOutput& out);
  void on_closed(StreamId stream);

  // The hall's answer to a question. May bring the connection's next question.
  void answer(const Question& question, Answer answer, Moment moment, ServerOutput& out);

  // Closes what is overdue. Instant::max() when nothing can become overdue.
  void expire(Moment moment, ServerOutput& out);
  [[nodiscard]] core::Instant next_deadline() const;

  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  struct Connection {
    HttpParser parser;
    core::Instant deadline;
    bool is_reading = false;               // part of a request has arrived
    std::optional<std::uint64_t> question;  // the one that is open
    bool keep_alive = true;                // of the request that is being answered
    std::size_t replied = 0;               // octets, since it was opened
  };
  using Connections = std::map<StreamId, Connection>;

  void advance(Connections::iterator at, Moment moment, ServerOutput& out);
  [[nodiscard]] bool take(Connections::iterator at, const HttpRequest& request, Moment moment,
                          ServerOutput& out);
  [[nodiscard]] bool reply(Connections::iterator at, HttpResponse response, Moment moment,
                           ServerOutput& out);

  Connections connections_;
  std::uint64_t questions_ = 0;
};

}  // namespace vippy::ctl
