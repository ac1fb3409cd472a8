#include "ctl/printable.h"

#include <simdjson.h>

namespace vippy::ctl {

namespace {

// In UTF-8 a C1 control is the octet 0xc2 and one of 0x80 to 0x9f.
bool is_c1(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size() || text[at] != '\xc2') return false;
  const auto second = static_cast<unsigned char>(text[at + 1]);
  return second >= 0x80 && second <= 0x9f;
}

}  // namespace

std::string printable(std::string_view text, LineEnds line_ends) {
  const bool is_utf8 = simdjson::validate_utf8(text.data(), text.size());
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = static_cast<unsigned char>(text[at]);
    const bool is_layout = line_ends == LineEnds::kept && (octet == '\n' || octet == '\t');
    if (is_utf8 && is_c1(text, at)) {
      out += "??";
      ++at;
    } else if ((octet < 0x20 && !is_layout) || octet == 0x7f || (octet >= 0x80 && !is_utf8)) {
      out += '?';
    } else {
      out += text[at];
    }
  }
  return out;
}

}  // namespace vippy::ctl
