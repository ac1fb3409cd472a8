// Big-endian numbers in frames.
//
// Purpose: one spelling for "the 16-bit field at this offset".
// Units:   offsets in octets.
// Errors:  an offset outside the span is our bug and asserted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/assert.h"

namespace vippy::packet {

inline void put_u16(std::span<std::uint8_t> out, std::size_t offset, std::uint16_t value) {
  VIPPY_ASSERT(offset + 2 <= out.size());
  out[offset] = static_cast<std::uint8_t>(value >> 8U);
  out[offset + 1] = static_cast<std::uint8_t>(value);
}

[[nodiscard]] inline std::uint16_t get_u16(std::span<const std::uint8_t> in, std::size_t offset) {
  VIPPY_ASSERT(offset + 2 <= in.size());
  return static_cast<std::uint16_t>((in[offset] << 8U) | in[offset + 1]);
}

template <std::size_t size>
void put_octets(std::span<std::uint8_t> out, std::size_t offset,
                const std::array<std::uint8_t, size>& value) {
  VIPPY_ASSERT(offset + size <= out.size());
  std::copy(value.begin(), value.end(), out.begin() + static_cast<std::ptrdiff_t>(offset));
}

template <std::size_t size>
[[nodiscard]] std::array<std::uint8_t, size> get_octets(std::span<const std::uint8_t> in,
                                                        std::size_t offset) {
  VIPPY_ASSERT(offset + size <= in.size());
  std::array<std::uint8_t, size> value{};
  std::copy_n(in.begin() + static_cast<std::ptrdiff_t>(offset), size, value.begin());
  return value;
}

}  // namespace vippy::packet
