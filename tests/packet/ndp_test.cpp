#include "packet/ndp.h"

#include <gtest/gtest.h>

#include "core/rng.h"
#include "packet/checksum.h"
#include "tests/packet/poison.h"

namespace vippy::packet {
namespace {

using Bytes = std::vector<std::uint8_t>;

const core::Ipv6 kVip = *core::parse_ipv6("fd77::9");
const core::Ipv6 kHost = *core::parse_ipv6("fd77::12:3456");
const core::Mac kOwner = {{0x02, 0, 0x5e, 0, 0, 1}};
const core::Mac kHostMac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

Bytes from_hex(std::string_view text) {
  Bytes out;
  unsigned digits = 0;
  unsigned value = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) {
      out.push_back(static_cast<std::uint8_t>(value));
      value = 0;
    }
  }
  return out;
}

// The checksums were computed apart from this program.
const Bytes kAnnouncementBytes = from_hex(
    "333300000001 02005e000001 86dd 60000000 0020 3a ff"
    "fd770000000000000000000000000009 ff020000000000000000000000000001"
    "88 00 7b9c a0000000 fd770000000000000000000000000009 02 01 02005e000001");
const Bytes kSolicitationBytes = from_hex(
    "3333ff123456 02005e000001 86dd 60000000 0020 3a ff"
    "fd770000000000000000000000000009 ff0200000000000000000001ff123456"
    "87 00 b5d4 00000000 fd770000000000000000000000123456 01 01 02005e000001");

NeighbourAdvertisement announcement() { return ndp_announcement(kVip, kOwner, RouterFlag::yes); }
NeighbourSolicitation solicitation() {
  return ndp_solicitation(kVip, kOwner, kHost, std::nullopt);
}

// Writes the correct checksum into a changed frame, so that only the change is at fault.
void mend_checksum(Bytes& frame) {
  core::Ipv6 source;
  core::Ipv6 destination;
  std::copy_n(frame.begin() + 22, 16, source.octets.begin());
  std::copy_n(frame.begin() + 38, 16, destination.octets.begin());
  const std::size_t payload = static_cast<std::size_t>(frame[18] << 8U | frame[19]);
  frame[56] = frame[57] = 0;
  const auto sum = icmpv6_checksum(source, destination, std::span(frame).subspan(54, payload));
  frame[56] = static_cast<std::uint8_t>(sum >> 8U);
  frame[57] = static_cast<std::uint8_t>(sum);
}

TEST(NdpTest, DecodesAnAdvertisement) {
  EXPECT_EQ(decode_na(kAnnouncementBytes), announcement());
}

TEST(NdpTest, DecodesASolicitation) {
  EXPECT_EQ(decode_ns(kSolicitationBytes), solicitation());
}

TEST(NdpTest, DecodesPastPaddingAndUnknownOptions) {
  auto bytes = kAnnouncementBytes;
  const auto nonce = from_hex("0e01 0102030405060000");
  bytes.insert(bytes.begin() + 78, nonce.begin(), nonce.begin() + 8);
  bytes[19] = 40;
  mend_checksum(bytes);
  bytes.resize(120, 0xee);
  EXPECT_EQ(decode_na(bytes), announcement());
}

TEST(NdpTest, EncodesAnAdvertisementIntoAPoisonedBuffer) {
  auto out = poisoned(100);
  EXPECT_EQ(encode(announcement(), out), 86U);
  EXPECT_EQ(out[86], 0xA5);
  out.resize(86);
  EXPECT_EQ(out, kAnnouncementBytes);
}

TEST(NdpTest, EncodesASolicitationIntoAPoisonedBuffer) {
  auto out = poisoned(100);
  EXPECT_EQ(encode(solicitation(), out), 86U);
  EXPECT_EQ(out[86], 0xA5);
  out.resize(86);
  EXPECT_EQ(out, kSolicitationBytes);
}

TEST(NdpTest, EncodesWithoutTheOption) {
  auto message = announcement();
  message.link_layer.reset();
  EXPECT_EQ(encoded(message).size(), 78U);
  EXPECT_EQ(decode_na(encoded(message)), message);
}

TEST(NdpTest, AddressesOneHostWhenItsMacIsKnown) {
  const auto advertised = ndp_advertisement(kVip, kOwner, RouterFlag::no, kHost, kHostMac);
  EXPECT_EQ(advertised.ethernet_target, kHostMac);
  EXPECT_EQ(advertised.destination, kHost);
  EXPECT_FALSE(advertised.is_router);
  EXPECT_TRUE(advertised.is_override);
  const auto asked = ndp_solicitation(kVip, kOwner, kHost, kHostMac);
  EXPECT_EQ(asked.ethernet_target, kHostMac);
  EXPECT_EQ(asked.destination, kHost);
  EXPECT_EQ(asked.target, kHost);
}

TEST(NdpTest, RoundTrips) {
  core::Rng rng(11);
  const auto fill = [&rng](auto& octets) {
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(rng.next());
  };
  for (int i = 0; i < 1000; ++i) {
    NeighbourAdvertisement na;
    fill(na.ethernet_target.octets);
    fill(na.ethernet_source.octets);
    fill(na.source.octets);
    fill(na.destination.octets);
    fill(na.target.octets);
    na.source.octets[0] = na.target.octets[0] = na.destination.octets[0] = 0xfd;
    na.is_router = rng.chance(1, 2);
    na.is_solicited = rng.chance(1, 2);
    na.is_override = rng.chance(1, 2);
    if (rng.chance(1, 2)) fill(na.link_layer.emplace().octets);
    EXPECT_EQ(decode_na(encoded(na)), na);
    const NeighbourSolicitation ns = {na.ethernet_target, na.ethernet_source, na.source,
                                      na.destination,     na.target,          na.link_layer};
    EXPECT_EQ(decode_ns(encoded(ns)), ns);
  }
}

TEST(NdpTest, RefusesTruncatedFrames) {
  for (std::size_t size = 0; size < 86; ++size) {
    EXPECT_EQ(decode_na(std::span(kAnnouncementBytes).first(size)).error(), NdpError::truncated);
    EXPECT_EQ(decode_ns(std::span(kSolicitationBytes).first(size)).error(), NdpError::truncated);
  }
}

TEST(NdpTest, RefusesEveryWrongFieldByName) {
  const std::tuple<std::size_t, std::uint8_t, NdpError> changes[] = {
      {12, 0x08, NdpError::not_ipv6},      {12, 0x01, NdpError::not_ipv6},
      {14, 0x40, NdpError::not_ipv6},      {20, 0, NdpError::not_icmpv6},
      {20, 44, NdpError::not_icmpv6},      {21, 254, NdpError::bad_hop_limit},
      {54, 135, NdpError::other_type},     {55, 1, NdpError::bad_code},
      {19, 33, NdpError::truncated},       {19, 23, NdpError::truncated},
      {19, 0, NdpError::truncated},        {19, 31, NdpError::bad_option},
      {22, 0xff, NdpError::bad_source},    {62, 0xff, NdpError::bad_target},
      {58, 0x60, NdpError::bad_flags},     {79, 0, NdpError::bad_option},
      {79, 2, NdpError::bad_option},
  };
  for (const auto& [offset, value, error] : changes) {
    auto bytes = kAnnouncementBytes;
    bytes[offset] = value;
    if (bytes[19] <= 32) mend_checksum(bytes);
    const auto decoded = decode_na(bytes);
    ASSERT_FALSE(decoded) << offset;
    EXPECT_EQ(decoded.error(), error) << offset;
  }
}

TEST(NdpTest, RefusesEveryFlippedBitOfTheMessage) {
  for (std::size_t bit = 22 * 8; bit < kAnnouncementBytes.size() * 8; ++bit) {
    auto bytes = kAnnouncementBytes;
    bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(decode_na(bytes)) << bit;
  }
}

TEST(NdpTest, RefusesALinkLayerOptionThatIsNotAMac) {
  auto bytes = kAnnouncementBytes;
  bytes.resize(94, 0);
  bytes[19] = 40;
  bytes[79] = 2;
  mend_checksum(bytes);
  EXPECT_EQ(decode_na(bytes).error(), NdpError::bad_option);
}

TEST(NdpTest, RefusesAnAdvertisementFromNobody) {
  auto message = announcement();
  message.source = {};
  EXPECT_EQ(decode_na(encoded(message)).error(), NdpError::bad_source);
}

TEST(NdpTest, TakesADuplicateProbeOnlyInItsOwnForm) {
  auto probe = solicitation();
  probe.source = {};
  EXPECT_EQ(decode_ns(encoded(probe)).error(), NdpError::bad_option);
  probe.link_layer.reset();
  EXPECT_EQ(decode_ns(encoded(probe)), probe);
  probe.destination = kHost;
  EXPECT_EQ(decode_ns(encoded(probe)).error(), NdpError::bad_source);
}

TEST(NdpTest, KnowsTheGroups) {
  EXPECT_EQ(format(all_nodes_group()), "ff02::1");
  EXPECT_EQ(format(solicited_node_group(kHost)), "ff02::1:ff12:3456");
}

}  // namespace
}  // namespace vippy::packet
