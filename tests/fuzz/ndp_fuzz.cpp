// decode_na and decode_ns never crash, and what they read they write the same. Random bytes would
// hardly ever carry the right checksum, so each input is also tried with it mended.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/assert.h"
#include "packet/checksum.h"
#include "packet/ndp.h"

namespace {

using namespace vippy::packet;

template <typename Decode>
void check(Decode decode, std::span<const std::uint8_t> bytes) {
  const auto first = decode(bytes);
  if (!first) return;
  std::array<std::uint8_t, kNdpFrameBytesMax> frame{};
  const auto length = encode(*first, frame);
  const auto second = decode(std::span<const std::uint8_t>(frame).first(length));
  VIPPY_ASSERT(second && *second == *first);
}

std::vector<std::uint8_t> mended(std::span<const std::uint8_t> bytes) {
  std::vector<std::uint8_t> frame(bytes.begin(), bytes.end());
  if (frame.size() < 58) return frame;
  const auto payload = static_cast<std::size_t>(frame[18] << 8U | frame[19]);
  vippy::core::Ipv6 source;
  vippy::core::Ipv6 destination;
  std::copy_n(frame.begin() + 22, 16, source.octets.begin());
  std::copy_n(frame.begin() + 38, 16, destination.octets.begin());
  frame[56] = frame[57] = 0;
  const auto message = std::span(frame).subspan(54, std::min(payload, frame.size() - 54));
  const auto sum = icmpv6_checksum(source, destination, message);
  frame[56] = static_cast<std::uint8_t>(sum >> 8U);
  frame[57] = static_cast<std::uint8_t>(sum);
  return frame;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::uint8_t> bytes(data, size);
  const auto repaired = mended(bytes);
  check(decode_na, bytes);
  check(decode_ns, bytes);
  check(decode_na, repaired);
  check(decode_ns, repaired);
  return 0;
}
