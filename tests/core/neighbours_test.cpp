#include "core/neighbours.h"

#include <gtest/gtest.h>

#include "core/limits.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

constexpr Instant kStart{100h};
constexpr Mac kOne{{2, 0, 0, 0, 0, 1}};
constexpr Mac kTwo{{2, 0, 0, 0, 0, 2}};

class NeighboursTest : public testing::Test {
 protected:
  void local(const std::string& address, Mac mac = kOne, bool exists = true,
             InterfaceIndex index = 2) {
    table.on_local({index, *parse_ip(address), mac, exists}, kStart);
  }
  void told(const std::string& address, Mac mac = kTwo, Instant now = kStart) {
    table.on_peer({{*parse_ip(address), mac}}, now);
  }
  std::optional<Mac> find(const std::string& address) { return table.find(*parse_ip(address)); }
  static std::vector<NeighbourEntry> flood(std::uint32_t from, std::size_t count) {
    std::vector<NeighbourEntry> out;
    for (std::uint32_t i = 0; i < count; ++i) out.push_back({Ipv4::from_number(from + i), kTwo});
    return out;
  }

  Neighbours table;
};

TEST_F(NeighboursTest, OurOwnKernelWinsOverWhatPeersSay) {
  told("10.0.0.5");
  EXPECT_EQ(find("10.0.0.5"), kTwo);
  local("10.0.0.5");
  told("10.0.0.5");
  EXPECT_EQ(find("10.0.0.5"), kOne);
}

TEST_F(NeighboursTest, WhatIsNoHostIsNotTakenIn) {
  local("224.0.0.1");
  local("10.0.0.5", Mac{{1, 0, 0x5e, 0, 0, 1}});
  local("10.0.0.6", Mac{});
  told("10.0.0.7", Mac::broadcast());
  told("10.0.0.8", Mac{});
  told("239.0.0.1");
  EXPECT_EQ(table.size(), 0U);
}

TEST_F(NeighboursTest, AnEntryGoesWhenTheInterfaceThatHadItSaysSo) {
  local("10.0.0.5", kOne, true, 2);
  local("10.0.0.5", kOne, false, 3);
  EXPECT_TRUE(find("10.0.0.5"));
  local("10.0.0.5", kOne, false, 2);
  EXPECT_FALSE(find("10.0.0.5"));
  told("10.0.0.5");
  local("10.0.0.5", kOne, false, 2);
  EXPECT_TRUE(find("10.0.0.5"));  // a peer still knows it
}

TEST_F(NeighboursTest, LocalEntriesThatATableDoesNotMentionAreGoneAndPeersEntriesStay) {
  local("10.0.0.5");
  local("10.0.0.6");
  told("10.0.0.7");
  table.begin_table();
  local("10.0.0.6");
  table.complete_table();
  EXPECT_FALSE(find("10.0.0.5"));
  EXPECT_TRUE(find("10.0.0.6"));
  EXPECT_TRUE(find("10.0.0.7"));
}

TEST_F(NeighboursTest, WhatPeersHaveNotMentionedForAnHourIsForgotten) {
  told("10.0.0.5");
  local("10.0.0.6");
  table.forget_old(kStart + kNeighbourForget);
  EXPECT_EQ(table.size(), 2U);
  table.forget_old(kStart + kNeighbourForget + 1ns);
  EXPECT_FALSE(find("10.0.0.5"));
  EXPECT_TRUE(find("10.0.0.6"));
}

TEST_F(NeighboursTest, AFloodOfPeerEntriesEndsAtTheLimitAndPushesNobodyOut) {
  told("10.0.0.5");
  local("10.0.0.6");
  table.on_peer(flood(0x0b000000U, kNeighboursMax + 1000), kStart);
  EXPECT_EQ(table.size(), kNeighboursMax);
  EXPECT_TRUE(find("10.0.0.5"));
  EXPECT_TRUE(find("10.0.0.6"));
}

TEST_F(NeighboursTest, ALocalEntryFindsRoomInAFullTableAtTheOldestPeerEntrysCost) {
  told("10.0.0.5", kTwo, kStart - 1s);
  table.on_peer(flood(0x0b000000U, kNeighboursMax), kStart);
  local("10.0.0.6");
  EXPECT_EQ(table.size(), kNeighboursMax);
  EXPECT_FALSE(find("10.0.0.5"));
  EXPECT_TRUE(find("10.0.0.6"));
}

TEST_F(NeighboursTest, AFullTableTakesNewEntriesOnceOldOnesAreForgotten) {
  table.on_peer(flood(0x0b000000U, kNeighboursMax), kStart);
  told("10.0.0.5", kTwo, kStart + 2h);
  EXPECT_TRUE(find("10.0.0.5"));
  EXPECT_EQ(table.size(), 1U);
}

TEST_F(NeighboursTest, ListsANetworkInTheOrderOfItsAddresses) {
  told("10.0.1.0");
  told("10.0.0.255");
  local("10.0.0.0");
  told("10.0.0.7");
  told("fd00::1");
  const auto found = table.within(*parse_prefix("10.0.0.9/24"));
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(format(found[0].address), "10.0.0.0");
  EXPECT_EQ(format(found[1].address), "10.0.0.7");
  EXPECT_EQ(format(found[2].address), "10.0.0.255");
  EXPECT_EQ(table.within(*parse_prefix("fd00::9/64")).size(), 1U);
}

TEST_F(NeighboursTest, OnlyWhatOurKernelKnowsOfIpv4IsAnnounced) {
  told("10.0.0.7");
  local("10.0.0.6");
  local("fd00::1");
  ASSERT_EQ(table.local_ipv4().size(), 1U);
  EXPECT_EQ(format(table.local_ipv4()[0].address), "10.0.0.6");
}

}  // namespace
}  // namespace vippy::core
