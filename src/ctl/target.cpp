#include "ctl/target.h"

namespace vippy::ctl {

namespace {

bool is_plain(char c) {
  constexpr std::string_view kMarks = "-._~!$&'()*+,;=:@/?";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         kMarks.find(c) != std::string_view::npos;
}

}  // namespace

std::string target_of(std::string_view command) {
  constexpr char kHexDigits[] = "0123456789ABCDEF";
  std::string target = "/";
  for (const char c : command) {
    if (is_plain(c)) {
      target += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    target += '%';
    target += kHexDigits[octet >> 4U];
    target += kHexDigits[octet & 0xfU];
  }
  return target;
}

}  // namespace vippy::ctl
