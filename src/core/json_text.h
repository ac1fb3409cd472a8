// JSON text as JavaScript's JSON.stringify writes it.
//
// Purpose: the announcement and the status must read as the reference's, octet for octet.
// Purity:  appends to a string that the caller owns.
// Errors:  none; octets that are no UTF-8 are handed through (readers refuse them earlier).
// Source:  ECMA-262 section 25.5.2.3 (QuoteJSONString).
#pragma once

#include <string>
#include <string_view>

namespace vippy::core {

// Appends `text` in double quotes, escaped.
void append_json_string(std::string& out, std::string_view text);

}  // namespace vippy::core
