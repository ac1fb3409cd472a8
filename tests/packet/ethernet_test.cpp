#include "packet/ethernet.h"

#include <gtest/gtest.h>

#include "tests/packet/poison.h"

namespace vippy::packet {
namespace {

const EthernetHeader kHeader = {{{1, 2, 3, 4, 5, 6}}, {{8, 9, 10, 11, 12, 13}}, kEthertypeIpv6};
const std::vector<std::uint8_t> kBytes = {1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 0x86, 0xdd};

TEST(EthernetTest, Decodes) { EXPECT_EQ(decode_ethernet(kBytes), kHeader); }

TEST(EthernetTest, EncodesIntoAPoisonedBuffer) {
  auto out = poisoned(20);
  EXPECT_EQ(encode(kHeader, out), kEthernetHeaderBytes);
  EXPECT_EQ(out[14], 0xA5);
  out.resize(14);
  EXPECT_EQ(out, kBytes);
}

TEST(EthernetTest, RoundTrips) { EXPECT_EQ(decode_ethernet(encoded(kHeader)), kHeader); }

TEST(EthernetTest, RefusesShortFramesAndLengths) {
  for (std::size_t size = 0; size < kEthernetHeaderBytes; ++size) {
    EXPECT_EQ(decode_ethernet(std::span(kBytes).first(size)).error(), EthernetError::truncated);
  }
  auto length = kBytes;
  length[12] = 0x05;
  length[13] = 0xff;
  EXPECT_EQ(decode_ethernet(length).error(), EthernetError::not_ethertype);
}

TEST(EthernetTest, MapsGroupsToMulticastMacs) {
  EXPECT_EQ(format(multicast_mac(*core::parse_ipv6("ff02::1"))), "33:33:00:00:00:01");
  EXPECT_EQ(format(multicast_mac(*core::parse_ipv6("ff02::1:ff12:3456"))), "33:33:ff:12:34:56");
}

}  // namespace
}  // namespace vippy::packet
