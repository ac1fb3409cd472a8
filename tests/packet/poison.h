// A buffer full of 0xA5: what an encoder forgets to write shows.
#pragma once

#include <cstdint>
#include <vector>

namespace vippy::packet {

inline std::vector<std::uint8_t> poisoned(std::size_t size) {
  return std::vector<std::uint8_t>(size, 0xA5);
}

template <typename Message>
std::vector<std::uint8_t> encoded(const Message& message) {
  auto out = poisoned(128);
  out.resize(encode(message, out));
  return out;
}

}  // namespace vippy::packet
