#include "packet/checksum.h"

#include <cstddef>

namespace vippy::packet {

namespace {

constexpr std::uint64_t kNextHeaderIcmpv6 = 58;

std::uint64_t sum_words(std::span<const std::uint8_t> bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8U : bytes[i];
  }
  return sum;
}

std::uint16_t fold(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) {
  return fold(sum_words(bytes));
}

std::uint16_t icmpv6_checksum(const core::Ipv6& source, const core::Ipv6& destination,
                              std::span<const std::uint8_t> message) {
  return fold(sum_words(source.octets) + sum_words(destination.octets) + message.size() +
              kNextHeaderIcmpv6 + sum_words(message));
}

}  // namespace vippy::packet
