// Text from a socket, made safe for a terminal.
//
// Purpose: a reply must not move the cursor, clear the screen or fake a line.
// Purity:  text in, text out.
// Errors:  none: what is not printable becomes "?", one for each octet.
// Source:  ECMA-48 (C0 and C1 controls); RFC 3629 (UTF-8).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vippy::ctl {

enum class LineEnds : std::uint8_t { replaced, kept };  // kept: LF and TAB stay

// Controls (C0, DEL, C1) are replaced; in text that is not UTF-8 every octet past ASCII too.
[[nodiscard]] std::string printable(std::string_view text, LineEnds line_ends);

}  // namespace vippy::ctl
