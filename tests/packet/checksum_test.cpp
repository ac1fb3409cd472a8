#include "packet/checksum.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vippy::packet {
namespace {

TEST(ChecksumTest, AgreesWithTheExampleOfRfc1071) {
  const std::vector<std::uint8_t> bytes = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(internet_checksum(bytes), static_cast<std::uint16_t>(~0xddf2U));
}

TEST(ChecksumTest, CountsAnOddLastOctetAsAHighOne) {
  const std::vector<std::uint8_t> odd = {0x12, 0x34, 0x56};
  const std::vector<std::uint8_t> even = {0x12, 0x34, 0x56, 0x00};
  EXPECT_EQ(internet_checksum(odd), internet_checksum(even));
  EXPECT_EQ(internet_checksum({}), 0xffff);
}

TEST(ChecksumTest, OfBytesThatHoldTheirOwnIsZero) {
  const auto source = *core::parse_ipv6("fe80::1");
  const auto destination = *core::parse_ipv6("ff02::1");
  std::vector<std::uint8_t> message(32);
  std::generate(message.begin(), message.end(), [n = 0]() mutable {
    return static_cast<std::uint8_t>(n += 37);
  });
  message[2] = message[3] = 0;
  const auto sum = icmpv6_checksum(source, destination, message);
  message[2] = static_cast<std::uint8_t>(sum >> 8U);
  message[3] = static_cast<std::uint8_t>(sum);
  EXPECT_EQ(icmpv6_checksum(source, destination, message), 0);
  message[20] ^= 1U;
  EXPECT_NE(icmpv6_checksum(source, destination, message), 0);
}

TEST(ChecksumTest, DoesNotOverflowOnManyOctets) {
  const std::vector<std::uint8_t> full(1U << 20U, 0xff);
  EXPECT_EQ(internet_checksum(full), 0);
}

}  // namespace
}  // namespace vippy::packet
