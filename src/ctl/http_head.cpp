#include "ctl/http_head.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace vippy::ctl {

namespace {

struct Fields {
  std::optional<std::size_t> content_length;
  std::optional<std::string_view> transfer_encoding;
  bool says_close = false;
  bool says_keep_alive = false;
  bool expects = false;
};

using Fault = std::optional<HttpError>;  // none: fine

bool is_token_char(char c) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_control(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool equals(std::string_view text, std::string_view lower_text) {
  return std::equal(text.begin(), text.end(), lower_text.begin(), lower_text.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the first line off; its line end, LF or CR LF, is dropped.
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

Fault read_length(std::string_view value, Fields& fields) {
  constexpr std::size_t kDigitsMax = 18;
  const bool is_number = !value.empty() && value.size() <= kDigitsMax &&
                         value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_number || fields.content_length) return HttpError::malformed;
  std::size_t length = 0;
  std::from_chars(value.data(), value.data() + value.size(), length);
  fields.content_length = length;
  return {};
}

void read_connection(std::string_view value, Fields& fields) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim(value.substr(0, comma));
    fields.says_close |= equals(option, "close");
    fields.says_keep_alive |= equals(option, "keep-alive");
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

Fault read_field(std::string_view line, Fields& fields) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return HttpError::malformed;
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  // RFC 9112 5.1, 5.2: no space before the colon, no folded lines. Neither is a token.
  if (!is_token(name) || std::any_of(value.begin(), value.end(), is_control)) {
    return HttpError::malformed;
  }
  if (equals(name, "content-length")) return read_length(value, fields);
  if (equals(name, "connection")) read_connection(value, fields);
  if (equals(name, "expect")) fields.expects = true;
  if (equals(name, "transfer-encoding")) {
    if (fields.transfer_encoding) return HttpError::malformed;
    fields.transfer_encoding = value;
  }
  return {};
}

// "http://host/status" -> "/status"; nullopt for what is neither this nor "/...", nor "*".
std::optional<std::string_view> path_of(std::string_view target) {
  const bool is_visible = std::all_of(target.begin(), target.end(),
                                      [](char c) { return c > 0x20 && c < 0x7f; });
  if (target.empty() || !is_visible) return std::nullopt;
  if (target.front() == '/' || target == "*") return target;
  constexpr std::string_view kScheme = "http://";
  if (target.size() <= kScheme.size() || !equals(target.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  const auto slash = target.find('/', kScheme.size());
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

// "HTTP/1.0" and "HTTP/1.1" -> 0 and 1; a later minor version is spoken to as 1.1.
core::Result<int, HttpError> minor_version(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
      !is_digit(text[7])) {
    return core::failure(HttpError::malformed);
  }
  if (text[5] != '1') return core::failure(HttpError::unknown_version);
  return text[7] == '0' ? 0 : 1;
}

// RFC 9112 6.1: both lengths at once, or a coding in HTTP/1.0, is an attempt to confuse.
Fault judge_length(const Fields& fields, int minor) {
  if (fields.transfer_encoding) {
    if (fields.content_length || minor == 0) return HttpError::malformed;
    return equals(*fields.transfer_encoding, "chunked") ? HttpError::length_required
                                                        : HttpError::unknown_coding;
  }
  const auto length = fields.content_length.value_or(0);
  if (length > kBodyOctetsMax) return HttpError::body_too_large;
  if (fields.expects && length != 0) return HttpError::expectation;
  return {};
}

}  // namespace

core::Result<HttpHead, HttpError> parse_head(std::string_view text) {
  const auto line = take_line(text);
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return core::failure(HttpError::malformed);
  }
  const auto path = path_of(line.substr(first + 1, last - first - 1));
  const auto minor = minor_version(line.substr(last + 1));
  if (!is_token(line.substr(0, first)) || !path) return core::failure(HttpError::malformed);
  if (!minor) return core::failure(minor.error());
  Fields fields;
  for (auto field = take_line(text); !field.empty(); field = take_line(text)) {
    if (const auto fault = read_field(field, fields)) return core::failure(*fault);
  }
  if (const auto fault = judge_length(fields, *minor)) return core::failure(*fault);
  HttpHead head;
  head.request.method = line.substr(0, first);
  head.request.target = *path;
  head.request.keep_alive = !fields.says_close && (*minor == 1 || fields.says_keep_alive);
  head.body_octets = fields.content_length.value_or(0);
  return head;
}

}  // namespace vippy::ctl
