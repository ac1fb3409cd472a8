// JSON written by hand on the hot path: the escapes of a string.
//
// Purpose: strings in announcements and status exactly as the reference's JSON.stringify has them.
// Purity:  text in, text out.
// Errors:  none: octets that are not UTF-8 become U+FFFD, one for each ill-formed part, so that
//          the output is always valid JSON.
// Source:  ECMA-262 QuoteJSONString; RFC 8259 section 7; the Unicode Standard section 3.9 (U+FFFD).
#pragma once

#include <string>
#include <string_view>

namespace vippy::core {

// Appends the text in quotes. Escapes: \" \\ \b \f \n \r \t and \u00xx for the other controls
// below U+0020; everything else as it is, "/" and U+007F too.
void append_json_string(std::string& out, std::string_view text);

}  // namespace vippy::core
