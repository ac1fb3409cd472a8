#include "platform/linux/address_messages.h"

#include <gtest/gtest.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <array>
#include <cstring>
#include <span>

#include "platform/linux/netlink_decode.h"

namespace vippy::platform {
namespace {

constexpr MessageAddress kFrom{77, 1234};

std::array<std::uint8_t, kAddressMessageOctetsMax> poisoned() {
  std::array<std::uint8_t, kAddressMessageOctetsMax> out;
  out.fill(0xa5);
  return out;
}

nlmsghdr header_of(std::span<const std::uint8_t> octets) {
  nlmsghdr header{};
  std::memcpy(&header, octets.data(), sizeof(header));
  return header;
}

// The one message that the octets are, as the kernel would tell it.
AddressMessage as_told(std::span<const std::uint8_t> octets) {
  EXPECT_EQ(header_of(octets).nlmsg_len, octets.size());
  NetlinkReader reader{octets};
  const auto message = reader.next();
  const auto* told = message ? std::get_if<AddressMessage>(&message->body) : nullptr;
  EXPECT_NE(told, nullptr);
  if (told == nullptr) return {};
  EXPECT_EQ(message->port, 77U);
  EXPECT_EQ(message->sequence, 1234U);
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.is_truncated());
  return *told;
}

TEST(AddressMessagesTest, ARemovalNamesTheAddressAsTheKernelWouldTellIt) {
  for (const auto* text : {"10.7.0.5/24", "10.7.0.5/32", "fd77::9/64"}) {
    auto octets = poisoned();
    const auto size = write_removal(octets, kFrom, 9, *core::parse_prefix(text));
    const auto header = header_of(octets);
    EXPECT_EQ(header.nlmsg_type, RTM_DELADDR);
    EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_ACK);
    const auto address = as_told(std::span<const std::uint8_t>(octets).first(size));
    EXPECT_EQ(address.index, 9U);
    EXPECT_EQ(core::format(address.prefix), text);
  }
}

TEST(AddressMessagesTest, APromotionIsOneWholeMessageOfFourNestedAttributes) {
  auto octets = poisoned();
  const auto size = write_promotion(octets, kFrom, 9, true);
  EXPECT_EQ(size, sizeof(nlmsghdr) + sizeof(ifinfomsg) + 3 * sizeof(nlattr) + 8);
  EXPECT_EQ(header_of(octets).nlmsg_len, size);
  EXPECT_EQ(header_of(octets).nlmsg_type, RTM_SETLINK);
  std::size_t at = sizeof(nlmsghdr) + sizeof(ifinfomsg);
  for (std::size_t rest = size - at; rest >= 8; at += sizeof(nlattr), rest -= sizeof(nlattr)) {
    nlattr attribute{};
    std::memcpy(&attribute, octets.data() + at, sizeof(attribute));
    EXPECT_EQ(attribute.nla_len, rest);
  }
  EXPECT_EQ(octets[size - 4], 1);
  EXPECT_EQ(octets[size], 0xa5);
}

TEST(AddressMessagesTest, ARouteIsOursAsTheKernelWouldTellIt) {
  for (const bool is_add : {true, false}) {
    auto octets = poisoned();
    const auto size = write_route(octets, kFrom, 9, *core::parse_prefix("10.7.0.5/32"), is_add);
    const auto header = header_of(octets);
    EXPECT_EQ(header.nlmsg_type, is_add ? RTM_NEWROUTE : RTM_DELROUTE);
    // Not NLM_F_REPLACE, not NLM_F_EXCL: those of others stay, and do not stand in the way.
    EXPECT_EQ(header.nlmsg_flags,
              NLM_F_REQUEST | NLM_F_ACK | (is_add ? NLM_F_CREATE | NLM_F_APPEND : 0));
    EXPECT_EQ(octets[size], 0xa5);
    const auto route = as_told(std::span<const std::uint8_t>(octets).first(size));
    EXPECT_EQ(route.index, 9U);
    EXPECT_EQ(core::format(route.prefix), "10.7.0.5/32");
    EXPECT_EQ(route.exists, is_add);
    EXPECT_EQ(route.protocol, kAddressTag);
    EXPECT_EQ(route.plumb, core::Plumb::route);
  }
}

TEST(AddressMessagesTest, OnlyIPv4ShorterThan32CanBePrimary) {
  EXPECT_TRUE(may_be_primary(*core::parse_prefix("10.7.0.5/24")));
  EXPECT_FALSE(may_be_primary(*core::parse_prefix("10.7.0.5/32")));
  EXPECT_FALSE(may_be_primary(*core::parse_prefix("fd77::9/64")));
}

}  // namespace
}  // namespace vippy::platform
