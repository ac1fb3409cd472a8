#include "packet/arp.h"

#include <gtest/gtest.h>

#include "core/rng.h"
#include "packet/ethernet.h"
#include "tests/packet/poison.h"

namespace vippy::packet {
namespace {

const core::Ipv4 kVip = {{10, 77, 1, 1}};
const core::Ipv4 kHost = {{10, 77, 0, 9}};
const core::Mac kOwner = {{0x02, 0, 0x5e, 0, 0, 1}};
const core::Mac kHostMac = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};

using Bytes = std::vector<std::uint8_t>;

Bytes frame(const core::Mac& to, std::uint8_t operation, const core::Mac& target_mac,
            const core::Ipv4& target_ip) {
  Bytes out(to.octets.begin(), to.octets.end());
  const auto add = [&out](const auto& octets) {
    out.insert(out.end(), octets.begin(), octets.end());
  };
  add(kOwner.octets);
  add(Bytes{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation});
  add(kOwner.octets);
  add(kVip.octets);
  add(target_mac.octets);
  add(target_ip.octets);
  return out;
}

struct Case {
  const char* what;
  ArpMessage message;
  Bytes bytes;
};

std::vector<Case> cases() {
  const auto all = core::Mac::broadcast();
  return {
      {"announcement", arp_announcement(kVip, kOwner), frame(all, 1, {}, kVip)},
      {"reply to everybody", arp_reply_announcement(kVip, kOwner), frame(all, 2, kOwner, kVip)},
      {"directed reply", arp_reply(kVip, kOwner, kHost, kHostMac),
       frame(kHostMac, 2, kHostMac, kHost)},
      {"reply to a host of unknown MAC", arp_reply(kVip, kOwner, kHost, all),
       frame(all, 2, all, kHost)},
      {"unicast request", arp_request(kVip, kOwner, kHost, kHostMac),
       frame(kHostMac, 1, {}, kHost)},
      {"broadcast request", arp_request(kVip, kOwner, kHost, all), frame(all, 1, {}, kHost)},
  };
}

TEST(ArpTest, DecodesEveryForm) {
  for (const auto& [what, message, bytes] : cases()) EXPECT_EQ(decode_arp(bytes), message) << what;
}

TEST(ArpTest, DecodesAPaddedFrame) {
  auto bytes = cases()[0].bytes;
  bytes.resize(60, 0xee);
  EXPECT_EQ(decode_arp(bytes), cases()[0].message);
}

TEST(ArpTest, EncodesEveryFormIntoAPoisonedBuffer) {
  for (const auto& [what, message, bytes] : cases()) {
    auto out = poisoned(64);
    EXPECT_EQ(encode(message, out), kArpFrameBytes) << what;
    EXPECT_EQ(out[kArpFrameBytes], 0xA5) << what;
    out.resize(kArpFrameBytes);
    EXPECT_EQ(out, bytes) << what;
  }
}

TEST(ArpTest, RoundTrips) {
  core::Rng rng(7);
  const auto fill = [&rng](auto& octets) {
    for (auto& octet : octets) octet = static_cast<std::uint8_t>(rng.next());
  };
  for (int i = 0; i < 1000; ++i) {
    ArpMessage message;
    message.operation = rng.chance(1, 2) ? ArpOperation::request : ArpOperation::reply;
    fill(message.ethernet_target.octets);
    fill(message.sender_mac.octets);
    fill(message.sender_ip.octets);
    fill(message.target_mac.octets);
    fill(message.target_ip.octets);
    message.sender_mac.octets[0] &= 0xfeU;
    EXPECT_EQ(decode_arp(encoded(message)), message);
  }
}

TEST(ArpTest, RefusesTruncatedFrames) {
  const auto bytes = cases()[0].bytes;
  for (std::size_t size = 0; size < kArpFrameBytes; ++size) {
    EXPECT_EQ(decode_arp(std::span(bytes).first(size)).error(), ArpError::truncated) << size;
  }
}

TEST(ArpTest, RefusesWhatIsNotArpForIpv4OverEthernet) {
  const std::tuple<std::size_t, std::uint8_t, ArpError> changes[] = {
      {12, 0x86, ArpError::not_arp},       {12, 0x00, ArpError::not_arp},
      {13, 0x00, ArpError::not_arp},       {15, 6, ArpError::not_ipv4},
      {16, 0x86, ArpError::not_ipv4},      {18, 8, ArpError::not_ipv4},
      {19, 16, ArpError::not_ipv4},        {21, 0, ArpError::bad_operation},
      {21, 3, ArpError::bad_operation},    {20, 1, ArpError::bad_operation},
      {22, 0x01, ArpError::bad_sender},
  };
  for (const auto& [offset, value, error] : changes) {
    auto bytes = cases()[0].bytes;
    bytes[offset] = value;
    EXPECT_EQ(decode_arp(bytes).error(), error) << offset;
  }
}

}  // namespace
}  // namespace vippy::packet
