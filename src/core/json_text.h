// JSON text, one piece at a time, exactly as JavaScript's JSON.stringify writes it.
//
// Purpose: one spelling of strings and numbers for announcements, status and the canonical print:
//          peers compare such text octet by octet.
// Purity:  appends to the caller's string; nothing else.
// Bounds:  linear; a string grows at most sixfold (plus two quotes).
// Errors:  none; first_bad_utf8 finds what must not be written.
// Source:  ECMA-262 section 25.5.2 (QuoteJSONString) and 6.1.6.1.20 (Number::toString);
//          RFC 3629 section 4 (well-formed UTF-8).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vippy::core {

// Appends `text` in double quotes. Escaped are ", \ and the control characters below U+0020
// (\b \t \n \f \r, else \u00xx in lower case); everything else is copied as it is.
// Requires well-formed UTF-8: other octets would be copied and make the result no JSON.
void append_json_string(std::string& out, std::string_view text);

// Appends ["one","two"], without spaces.
void append_json_strings(std::string& out, const std::vector<std::string>& texts);

// Appends a finite number as JavaScript prints it: 1, 0.1, 1e+21, 1e-7; -0 is 0.
void append_json_number(std::string& out, double number);

// The offset of the first octet that is not well-formed UTF-8, or npos when all is well.
[[nodiscard]] std::size_t first_bad_utf8(std::string_view text);

}  // namespace vippy::core
