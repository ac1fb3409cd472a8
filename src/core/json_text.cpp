#include "core/json_text.h"

namespace vippy::core {

namespace {

void append_escaped(std::string& out, char letter) {
  static constexpr char kDigits[] = "0123456789abcdef";
  switch (letter) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\f': out += "\\f"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
  }
  const auto octet = static_cast<unsigned char>(letter);
  if (octet >= 0x20) {
    out.push_back(letter);
    return;
  }
  out += "\\u00";
  out.push_back(kDigits[octet >> 4U]);
  out.push_back(kDigits[octet & 0xfU]);
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char letter : text) append_escaped(out, letter);
  out.push_back('"');
}

}  // namespace vippy::core
