// The head of an HTTP request: request line and header fields as values.
//
// Purpose: the grammar apart from the buffering (http.h).
// Purity:  text in, values out.
// Errors:  HttpError.
// Source:  RFC 9112 sections 2.2, 3, 5, 6; RFC 9110 section 5.6.2 (token).
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "ctl/http.h"

namespace vippy::ctl {

struct HttpHead {
  HttpRequest request;  // without its body
  std::size_t body_octets = 0;
};

// `text` holds whole lines, the empty one that ends the head included.
[[nodiscard]] core::Result<HttpHead, HttpError> parse_head(std::string_view text);

}  // namespace vippy::ctl
