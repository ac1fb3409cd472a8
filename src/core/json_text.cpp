#include "core/json_text.h"

#include <cstddef>
#include <cstdint>

namespace vippy::core {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\xef\xbf\xbd";

// What may follow a leading octet of UTF-8: how many octets, and the range of the first of them
// (the Unicode Standard, table 3-7).
struct Tail {
  std::size_t octets = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xbf;
};

Tail tail_of(unsigned char lead) {
  if (lead >= 0xc2 && lead <= 0xdf) return {1};
  if (lead == 0xe0) return {2, 0xa0};
  if (lead == 0xed) return {2, 0x80, 0x9f};
  if (lead >= 0xe1 && lead <= 0xef) return {2};
  if (lead == 0xf0) return {3, 0x90};
  if (lead == 0xf4) return {3, 0x80, 0x8f};
  if (lead >= 0xf1 && lead <= 0xf3) return {3};
  return {};
}

// Appends one character or one U+FFFD and returns how many octets it took, at least one.
std::size_t append_wide(std::string& out, std::string_view text) {
  const auto tail = tail_of(static_cast<unsigned char>(text[0]));
  std::size_t taken = 1;
  unsigned char low = tail.low;
  unsigned char high = tail.high;
  while (taken <= tail.octets && taken < text.size()) {
    const auto octet = static_cast<unsigned char>(text[taken]);
    if (octet < low || octet > high) break;
    low = 0x80;
    high = 0xbf;
    ++taken;
  }
  const bool is_whole = tail.octets != 0 && taken == tail.octets + 1;
  out += is_whole ? text.substr(0, taken) : kReplacement;
  return taken;
}

void append_control(std::string& out, unsigned char control) {
  constexpr std::string_view kNamed = "\b\f\n\r\t";
  constexpr std::string_view kLetters = "bfnrt";
  const auto named = kNamed.find(static_cast<char>(control));
  out += '\\';
  if (named != std::string_view::npos) {
    out += kLetters[named];
    return;
  }
  out += "u00";
  out += kHexDigits[control >> 4U];
  out += kHexDigits[control & 0xfU];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const auto octet = static_cast<unsigned char>(text[0]);
    std::size_t taken = 1;
    if (octet >= 0x80) {
      taken = append_wide(out, text);
    } else if (octet < 0x20) {
      append_control(out, octet);
    } else {
      if (octet == '"' || octet == '\\') out += '\\';
      out += text[0];
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

}  // namespace vippy::core
