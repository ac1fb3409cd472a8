// decode_arp never crashes, and what it reads it writes the same.
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/assert.h"
#include "packet/arp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vippy::packet;
  const auto first = decode_arp({data, size});
  if (!first) return 0;
  std::array<std::uint8_t, kArpFrameBytes> frame{};
  encode(*first, frame);
  const auto second = decode_arp(frame);
  VIPPY_ASSERT(second && *second == *first);
  return 0;
}
