#include "core/interfaces.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace vippy::core {
namespace {

class InterfacesTest : public testing::Test {
 protected:
  void link(InterfaceIndex index, const std::string& name, bool is_running = true) {
    interfaces.on_link({index, name, Mac{{2, 0, 0, 0, 0, 1}}, true, is_running, true, false});
  }
  void address(InterfaceIndex index, const std::string& prefix, bool exists = true,
               bool is_tagged = false) {
    interfaces.on_address({index, *parse_prefix(prefix), exists, is_tagged});
  }
  std::string carrying(const std::string& text) {
    const auto* found = interfaces.carrying(*parse_ip(text));
    return found == nullptr ? "none" : found->name;
  }

  Interfaces interfaces;
};

TEST_F(InterfacesTest, FindsByNameAndByIndexAndFollowsARename) {
  link(2, "eth0");
  EXPECT_EQ(interfaces.find("eth0")->index, 2U);
  link(2, "lan");
  EXPECT_EQ(interfaces.find("eth0"), nullptr);
  EXPECT_EQ(interfaces.find(InterfaceIndex{2})->name, "lan");
  EXPECT_EQ(interfaces.find(InterfaceIndex{3}), nullptr);
}

TEST_F(InterfacesTest, APathIsARunningInterfaceThatOtherHostsAreOn) {
  interfaces.on_link({1, "lo", {}, true, true, false, false, true});
  address(1, "127.0.0.1/8");
  EXPECT_FALSE(interfaces.is_path("all"));
  EXPECT_FALSE(interfaces.is_path("lo"));
  EXPECT_FALSE(interfaces.is_path("127.0.0.1"));
  link(2, "eth0");
  address(2, "10.0.0.1/24");
  EXPECT_TRUE(interfaces.is_path("all"));
  EXPECT_TRUE(interfaces.is_path("eth0"));
  EXPECT_TRUE(interfaces.is_path("10.0.0.1"));
  EXPECT_FALSE(interfaces.is_path("10.0.0.2"));
  EXPECT_FALSE(interfaces.is_path("eth1"));
  link(2, "eth0", false);
  EXPECT_FALSE(interfaces.is_path("all"));
  EXPECT_FALSE(interfaces.is_path("eth0"));
}

TEST_F(InterfacesTest, AChangedLinkKeepsItsAddressesAndAGoneOneDoesNot) {
  link(2, "eth0");
  address(2, "10.0.0.1/24");
  link(2, "eth0", false);
  EXPECT_EQ(carrying("10.0.0.9"), "eth0");
  interfaces.on_link({2, "eth0", {}, false, false, false, false});
  EXPECT_EQ(carrying("10.0.0.9"), "none");
  EXPECT_TRUE(interfaces.all().empty());
}

TEST_F(InterfacesTest, WhatATableDoesNotMentionIsGone) {
  link(2, "eth0");
  link(3, "eth1");
  interfaces.begin(KernelTable::links);
  link(3, "eth1");
  EXPECT_NE(interfaces.find("eth0"), nullptr);
  interfaces.complete(KernelTable::links);
  EXPECT_EQ(interfaces.find("eth0"), nullptr);
  EXPECT_NE(interfaces.find("eth1"), nullptr);
  interfaces.complete(KernelTable::links);  // not begun: says nothing
  EXPECT_NE(interfaces.find("eth1"), nullptr);
}

TEST_F(InterfacesTest, ATableOfAddressesReplacesThemAll) {
  link(2, "eth0");
  address(2, "10.0.0.1/24");
  interfaces.begin(KernelTable::addresses);
  address(2, "10.1.0.1/24");
  interfaces.complete(KernelTable::addresses);
  EXPECT_EQ(carrying("10.0.0.9"), "none");
  EXPECT_EQ(carrying("10.1.0.9"), "eth0");
}

TEST_F(InterfacesTest, TheLongestPrefixCarriesThenTheLowestIndex) {
  link(4, "wide");
  link(3, "second");
  link(2, "first");
  address(4, "10.0.0.1/8");
  address(3, "10.0.0.2/24");
  address(2, "10.0.0.3/24");
  EXPECT_EQ(carrying("10.0.0.9"), "first");
  EXPECT_EQ(carrying("10.9.0.9"), "wide");
  EXPECT_EQ(carrying("fd00::1"), "none");
}

TEST_F(InterfacesTest, HostPrefixesCarryNothingButThemselves) {
  link(2, "eth0");
  address(2, "10.0.0.1/32");
  address(2, "fd00::1/128");
  EXPECT_EQ(carrying("10.0.0.1"), "none");
  EXPECT_TRUE(interfaces.is_own(*parse_ip("10.0.0.1")));
  EXPECT_TRUE(interfaces.is_own(*parse_ip("fd00::1")));
}

TEST_F(InterfacesTest, AddressesWithOurMarkAreNotTheHostsOwn) {
  link(2, "eth0");
  address(2, "10.0.0.9/24", true, true);
  EXPECT_EQ(carrying("10.0.0.1"), "none");
  EXPECT_FALSE(interfaces.is_own(*parse_ip("10.0.0.9")));
}

TEST_F(InterfacesTest, AnAddressThatGoesOrIsSeenTwiceCountsOnceAndNotAtAll) {
  link(2, "eth0");
  address(2, "10.0.0.1/24");
  address(2, "10.0.0.1/24");
  EXPECT_EQ(interfaces.find("eth0")->prefixes.size(), 1U);
  address(2, "10.0.0.1/24", false);
  EXPECT_TRUE(interfaces.find("eth0")->prefixes.empty());
  address(9, "10.0.0.1/24");  // of an interface that nobody knows
  EXPECT_EQ(carrying("10.0.0.9"), "none");
}

TEST_F(InterfacesTest, ANameLeadsToWhoeverHasItNow) {
  link(2, "eth0");
  link(3, "eth1");
  link(2, "old0");  // renamed
  EXPECT_EQ(interfaces.find("eth0"), nullptr);
  link(3, "eth0");
  EXPECT_EQ(interfaces.find("eth0")->index, 3U);
  EXPECT_EQ(interfaces.find("eth1"), nullptr);
  link(2, "eth0");  // the farewell of one of them was lost
  EXPECT_EQ(interfaces.find("eth0")->index, 2U);
  interfaces.begin(KernelTable::links);
  link(3, "eth0");
  interfaces.complete(KernelTable::links);
  EXPECT_EQ(interfaces.find("eth0")->index, 3U);
  EXPECT_EQ(interfaces.find("eth"), nullptr);
}

TEST_F(InterfacesTest, MoreThanTheLimitAreLeftOutAndKnownOnesStillChange) {
  for (InterfaceIndex i = 1; i <= kInterfacesMax; ++i) link(i, "e" + std::to_string(i));
  link(kInterfacesMax + 1, "surplus");
  EXPECT_EQ(interfaces.find("surplus"), nullptr);
  link(7, "renamed");
  EXPECT_NE(interfaces.find("renamed"), nullptr);
}

}  // namespace
}  // namespace vippy::core
