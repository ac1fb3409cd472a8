// HTTP/1.1 as the management socket speaks it: bytes -> requests, responses -> bytes.
//
// Purpose: what curl, scrapers and the reference's vippyctl send, read with bounds; answers that
//          look like the reference's.
// Purity:  bytes in, values out. No sockets, no clock: the date is handed in as text.
// Bounds:  request line and headers kHeadOctetsMax, body kBodyOctetsMax; a parser holds at most
//          these and what one append() brought. Work is linear in the octets.
// Errors:  HttpError, each with its status code; after an error the parser is done for.
// Order:   requests come out in the order in which they came in (pipelining).
// Source:  RFC 9112 (messages), RFC 9110 (methods, status codes). Looser than these for people
//          with netcat: a lone LF ends a line, and Host may be absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace vippy::ctl {

inline constexpr std::size_t kHeadOctetsMax = 8 * 1024;
inline constexpr std::size_t kBodyOctetsMax = 64 * 1024;

// Why a connection is answered with an error and closed.
enum class HttpError : std::uint8_t {
  malformed,            // 400
  timed_out,            // 408: the request did not become complete
  length_required,      // 411: a chunked body
  body_too_large,       // 413
  expectation,          // 417: nothing is expected of us before the body
  head_too_large,       // 431
  unknown_coding,       // 501: a transfer coding that nobody needs here
  too_many,             // 503: too many connections
  unknown_version,      // 505: not HTTP/1
};

struct HttpRequest {
  std::string method;  // as it came: methods are case-sensitive
  std::string target;  // "/status"; of the absolute form the path
  std::string body;
  bool keep_alive = true;

  bool operator==(const HttpRequest&) const = default;
};

class HttpParser {
 public:
  void append(std::span<const std::uint8_t> bytes);

  // The next request that is complete, none yet, or the error that ends the connection.
  [[nodiscard]] core::Result<std::optional<HttpRequest>, HttpError> next();

  // Octets that no request has used yet, and whether a part of one has arrived.
  [[nodiscard]] std::size_t waiting() const { return buffer_.size() - begin_; }
  [[nodiscard]] bool is_inside() const { return request_.has_value() || waiting() != 0; }

 private:
  [[nodiscard]] core::Result<std::optional<HttpRequest>, HttpError> next_body();
  [[nodiscard]] std::optional<std::string_view> find_head();
  void skip_empty_lines();
  void drop_used();

  std::string buffer_;
  std::size_t begin_ = 0;    // octets before it are used up
  std::size_t scanned_ = 0;  // no head ends before it
  std::optional<HttpRequest> request_;  // its head is read, its body is not
  std::size_t body_octets_ = 0;
};

struct HttpResponse {
  int status = 200;
  std::string body;              // JSON
  bool keep_alive = true;
  bool has_body = true;          // false for HEAD: the length is said, the body is not sent
  std::string_view allow = {};   // the methods, with status 405
};

[[nodiscard]] int status_code(HttpError error);

// {"error":"..."}
[[nodiscard]] std::string error_body(std::string_view text);
[[nodiscard]] HttpResponse error_response(HttpError error);

// `date` is an HTTP date: "Sun, 22 Nov 2026 08:13:24 GMT".
[[nodiscard]] std::string format(const HttpResponse& response, std::string_view date);

}  // namespace vippy::ctl
