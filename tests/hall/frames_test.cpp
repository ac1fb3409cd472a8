#include "frames.h"

#include <gtest/gtest.h>

#include "packet/arp.h"
#include "packet/ndp.h"

namespace vippy::hall {
namespace {

using core::Advertise;
using core::AdvertiseForm;

constexpr core::Mac kOwner{{2, 0, 0, 0, 0, 1}};
constexpr core::Mac kHost{{2, 0, 0, 0, 0, 9}};

Advertise advertise(AdvertiseForm form, const char* vip, const char* host, bool is_router = false) {
  return {2, *core::parse_ip(vip), kOwner, is_router, form, *core::parse_ip(host), kHost};
}

TEST(FramesTest, EveryoneHearsOfAnIpv4AddressInRequestAndInReplyForm) {
  const auto first = frame_of(advertise(AdvertiseForm::everyone, "10.0.0.9", "0.0.0.0"));
  const auto vip = core::parse_ip("10.0.0.9")->v4();
  EXPECT_EQ(*packet::decode_arp(first.bytes()), packet::arp_announcement(vip, kOwner));
  const auto second = frame_of(advertise(AdvertiseForm::everyone_reply, "10.0.0.9", "0.0.0.0"));
  const auto reply = *packet::decode_arp(second.bytes());
  EXPECT_EQ(reply.operation, packet::ArpOperation::reply);
  EXPECT_EQ(reply.ethernet_target, core::Mac::broadcast());
  EXPECT_EQ(reply.sender_mac, kOwner);
  EXPECT_EQ(reply.sender_ip, vip);
}

TEST(FramesTest, OneIpv4HostIsToldByAReplyToItsMac) {
  const auto frame = frame_of(advertise(AdvertiseForm::directed, "10.0.0.9", "10.0.0.7"));
  const auto arp = *packet::decode_arp(frame.bytes());
  EXPECT_EQ(arp.operation, packet::ArpOperation::reply);
  EXPECT_EQ(arp.ethernet_target, kHost);
  EXPECT_EQ(arp.target_mac, kHost);
  EXPECT_EQ(core::format(arp.target_ip), "10.0.0.7");
  EXPECT_EQ(core::format(arp.sender_ip), "10.0.0.9");
}

TEST(FramesTest, AnUnknownIpv4HostIsAskedForByEverybodysAddress) {
  const auto frame = frame_of(advertise(AdvertiseForm::ask_everyone, "10.0.0.9", "10.0.0.7"));
  const auto arp = *packet::decode_arp(frame.bytes());
  EXPECT_EQ(arp.operation, packet::ArpOperation::request);
  EXPECT_EQ(arp.ethernet_target, core::Mac::broadcast());
  EXPECT_EQ(core::format(arp.target_ip), "10.0.0.7");
}

TEST(FramesTest, EveryoneHearsOfAnIpv6AddressWithTheRouterFlagOfTheInterface) {
  for (const bool is_router : {false, true}) {
    const auto frame = frame_of(advertise(AdvertiseForm::everyone, "fd00::9", "::", is_router));
    const auto na = *packet::decode_na(frame.bytes());
    EXPECT_EQ(core::format(na.target), "fd00::9");
    EXPECT_EQ(na.destination, packet::all_nodes_group());
    EXPECT_EQ(na.link_layer, kOwner);
    EXPECT_TRUE(na.is_override);
    EXPECT_EQ(na.is_router, is_router);
  }
}

TEST(FramesTest, OneIpv6HostIsToldAtItsMac) {
  const auto frame = frame_of(advertise(AdvertiseForm::directed, "fd00::9", "fd00::7"));
  const auto na = *packet::decode_na(frame.bytes());
  EXPECT_EQ(na.ethernet_target, kHost);
  EXPECT_EQ(core::format(na.destination), "fd00::7");
}

TEST(FramesTest, AnUnknownIpv6HostIsSolicitedFromTheAddress) {
  const auto frame = frame_of(advertise(AdvertiseForm::ask_everyone, "fd00::9", "fd00::7"));
  const auto ns = *packet::decode_ns(frame.bytes());
  EXPECT_EQ(core::format(ns.source), "fd00::9");
  EXPECT_EQ(core::format(ns.target), "fd00::7");
  EXPECT_EQ(ns.link_layer, kOwner);
}

TEST(FramesTest, AKnownHostIsAskedByItselfFromTheAddressOrFromNobodys) {
  auto frame = frame_of(advertise(AdvertiseForm::ask, "10.0.0.9", "10.0.0.7"));
  EXPECT_EQ(*packet::decode_arp(frame.bytes()),
            packet::arp_request(core::parse_ip("10.0.0.9")->v4(), kOwner,
                                core::parse_ip("10.0.0.7")->v4(), kHost));
  frame = frame_of(advertise(AdvertiseForm::ask, "0.0.0.0", "10.0.0.7"));
  EXPECT_EQ(packet::decode_arp(frame.bytes())->sender_ip, core::Ipv4{});
  frame = frame_of(advertise(AdvertiseForm::ask, "fd00::9", "fd00::7"));
  const auto ns = *packet::decode_ns(frame.bytes());
  EXPECT_EQ(ns.ethernet_target, kHost);
  EXPECT_EQ(core::format(ns.destination), "fd00::7");
  EXPECT_EQ(ns.link_layer, kOwner);
}

template <typename Message>
std::optional<core::NeighbourSpoke> spoken(const Message& message) {
  Frame frame;
  frame.size = packet::encode(message, frame.octets);
  return spoken_by(frame.bytes());
}

TEST(FramesTest, ArpSaysWhereItsSenderIsAndWhomItAnswers) {
  const auto vip = core::parse_ip("10.0.0.9")->v4();
  const auto host = core::parse_ip("10.0.0.7")->v4();
  for (const auto& arp : {packet::arp_announcement(vip, kOwner),
                          packet::arp_reply_announcement(vip, kOwner),
                          packet::arp_request(vip, kOwner, host, kHost),
                          packet::arp_reply(vip, kOwner, host, core::Mac::broadcast())}) {
    const auto said = spoken(arp);
    ASSERT_TRUE(said);
    EXPECT_EQ(said->address, core::IpAddress(vip));
    EXPECT_EQ(said->mac, kOwner);
    EXPECT_FALSE(said->is_answer);
  }
  const auto answer = spoken(packet::arp_reply(vip, kOwner, host, kHost));
  ASSERT_TRUE(answer && answer->is_answer);
  EXPECT_EQ(answer->asked_by, core::IpAddress(host));
}

TEST(FramesTest, NeighbourDiscoverySaysWhereItsTargetOrItsSourceIs) {
  const auto vip = core::parse_ip("fd00::9")->v6();
  const auto host = core::parse_ip("fd00::7")->v6();
  auto na = packet::ndp_advertisement(vip, kOwner, packet::RouterFlag::no, host, kHost);
  const auto told = spoken(na);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->address, core::IpAddress(vip));
  EXPECT_FALSE(told->is_answer);
  na.is_solicited = true;
  na.link_layer.reset();
  const auto answer = spoken(na);
  ASSERT_TRUE(answer && answer->is_answer);
  EXPECT_EQ(answer->asked_by, core::IpAddress(host));
  EXPECT_EQ(answer->mac, na.ethernet_source);
  const auto asked = spoken(packet::ndp_solicitation(vip, kOwner, host, kHost));
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->address, core::IpAddress(vip));
  EXPECT_EQ(asked->mac, kOwner);
}

TEST(FramesTest, ProbesAndWhatIsNoneOfTheseFramesSayNothing) {
  const auto host = core::parse_ip("10.0.0.7")->v4();
  EXPECT_FALSE(spoken(packet::arp_request({}, kOwner, host, kHost)));
  EXPECT_FALSE(spoken(packet::arp_announcement(host, core::Mac{})));
  auto probe = packet::ndp_solicitation({}, kOwner, core::parse_ip("fd00::7")->v6(), std::nullopt);
  probe.link_layer.reset();
  EXPECT_FALSE(spoken(probe));
  EXPECT_FALSE(spoken_by({}));
  EXPECT_FALSE(spoken_by(std::vector<std::uint8_t>(60, 0x08)));
}

}  // namespace
}  // namespace vippy::hall
