#include "ctl/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/json_text.h"
#include "ctl/http_head.h"

namespace vippy::ctl {

namespace {

std::string_view phrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 413: return "Payload Too Large";
    case 417: return "Expectation Failed";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

std::string_view text_of(HttpError error) {
  switch (error) {
    case HttpError::malformed: return "malformed request";
    case HttpError::timed_out: return "request timed out";
    case HttpError::length_required: return "a body needs a Content-Length";
    case HttpError::body_too_large: return "body too large";
    case HttpError::expectation: return "expectations are not met";
    case HttpError::head_too_large: return "request line and headers too large";
    case HttpError::unknown_coding: return "unknown transfer coding";
    case HttpError::too_many: return "too many connections";
    case HttpError::unknown_version: return "unknown HTTP version";
  }
  VIPPY_ASSERT(false && "unknown HttpError");
}

}  // namespace

void HttpParser::append(std::span<const std::uint8_t> bytes) {
  drop_used();
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

core::Result<std::optional<HttpRequest>, HttpError> HttpParser::next() {
  if (request_) return next_body();
  skip_empty_lines();
  const auto text = find_head();
  if (!text) {
    if (waiting() > kHeadOctetsMax) return core::failure(HttpError::head_too_large);
    return std::optional<HttpRequest>();
  }
  if (text->size() > kHeadOctetsMax) return core::failure(HttpError::head_too_large);
  auto head = parse_head(*text);
  if (!head) return core::failure(head.error());
  begin_ += text->size();
  scanned_ = begin_;
  request_ = std::move(head->request);
  body_octets_ = head->body_octets;
  return next_body();
}

core::Result<std::optional<HttpRequest>, HttpError> HttpParser::next_body() {
  if (waiting() < body_octets_) return std::optional<HttpRequest>();
  request_->body = buffer_.substr(begin_, body_octets_);
  begin_ += body_octets_;
  scanned_ = begin_;
  return std::exchange(request_, std::nullopt);
}

// The head with its empty line, when that has arrived: LF LF or LF CR LF.
std::optional<std::string_view> HttpParser::find_head() {
  for (auto at = buffer_.find('\n', scanned_); at != std::string::npos;
       at = buffer_.find('\n', at + 1)) {
    auto end = at + 1;
    if (end < buffer_.size() && buffer_[end] == '\r') ++end;
    if (end >= buffer_.size()) {
      scanned_ = at;
      return std::nullopt;
    }
    if (buffer_[end] == '\n') return std::string_view(buffer_).substr(begin_, end + 1 - begin_);
  }
  scanned_ = buffer_.size();
  return std::nullopt;
}

// RFC 9112 2.2: empty lines before a request line are ignored.
void HttpParser::skip_empty_lines() {
  const auto is_end = [this](std::size_t at) {
    return at < buffer_.size() && (buffer_[at] == '\r' || buffer_[at] == '\n');
  };
  while (is_end(begin_)) ++begin_;
  scanned_ = std::max(scanned_, begin_);
}

void HttpParser::drop_used() {
  buffer_.erase(0, begin_);
  scanned_ -= begin_;
  begin_ = 0;
}

int status_code(HttpError error) {
  switch (error) {
    case HttpError::malformed: return 400;
    case HttpError::timed_out: return 408;
    case HttpError::length_required: return 411;
    case HttpError::body_too_large: return 413;
    case HttpError::expectation: return 417;
    case HttpError::head_too_large: return 431;
    case HttpError::unknown_coding: return 501;
    case HttpError::too_many: return 503;
    case HttpError::unknown_version: return 505;
  }
  VIPPY_ASSERT(false && "unknown HttpError");
}

std::string error_body(std::string_view text) {
  std::string body = "{\"error\":";
  core::append_json_string(body, text);
  return body += '}';
}

HttpResponse error_response(HttpError error) {
  return {status_code(error), error_body(text_of(error)), false, true, {}};
}

std::string format(const HttpResponse& response, std::string_view date) {
  auto out = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: text/json\r\n", response.status,
                         phrase(response.status));
  if (!response.allow.empty()) out += fmt::format("Allow: {}\r\n", response.allow);
  out += fmt::format("Date: {}\r\n", date);
  out += response.keep_alive ? "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
                             : "Connection: close\r\n";
  out += fmt::format("Content-Length: {}\r\n\r\n", response.body.size());
  if (response.has_body) out += response.body;
  return out;
}

}  // namespace vippy::ctl
