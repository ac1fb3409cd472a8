#include "core/conflicts.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

Mac mac(unsigned number) { return {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)}}; }

class ConflictsTest : public testing::Test {
 protected:
  static AddressKey key(unsigned number = 9) {
    return {2, {add(*parse_ip("10.0.0.0"), number), 32}};
  }
  Conflicts::Answer claim(unsigned who = 66, unsigned vip = 9) {
    return conflicts.on_claim(key(vip), mac(who), now, now);
  }
  Conflicts conflicts;
  Neighbours neighbours;
  Instant now{100s};
};

TEST_F(ConflictsTest, TheFirstClaimIsNamedAndDefendedAtOnce) {
  const auto answer = claim();
  EXPECT_TRUE(answer.is_said);
  EXPECT_TRUE(answer.is_defended);
}

TEST_F(ConflictsTest, ASuspectIsNamedLaterUnlessItTurnsOutToBeANode) {
  const auto answer = conflicts.on_claim(key(), mac(66), now, now + 7ms);
  EXPECT_FALSE(answer.is_said);
  EXPECT_TRUE(answer.is_defended);
  EXPECT_FALSE(conflicts.on_claim(key(), mac(66), now, now + 8ms).is_said);
  EXPECT_EQ(conflicts.next_deadline(), now + 7ms);
  EXPECT_TRUE(conflicts.take_suspects(now + 6ms).empty());
  const auto due = conflicts.take_suspects(now + 7ms);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_TRUE(conflicts.accuse(due[0], now));
  EXPECT_FALSE(conflicts.accuse(due[0], now));
}

TEST_F(ConflictsTest, WhatDoesNotFitAmongTheSuspectsIsNamedAtOnce) {
  for (unsigned i = 0; i < Conflicts::kSuspectsMax; ++i) {
    EXPECT_FALSE(conflicts.on_claim(key(i), mac(66), now, now + 7ms).is_said);
  }
  EXPECT_TRUE(conflicts.on_claim(key(200), mac(66), now, now + 7ms).is_said);
}

TEST_F(ConflictsTest, AMacIsNamedOnceAMinuteAndAnotherOneByItself) {
  claim();
  now += 59s;
  EXPECT_FALSE(claim().is_said);
  EXPECT_TRUE(claim(67).is_said);
  now += 1s;
  EXPECT_TRUE(claim().is_said);
  EXPECT_FALSE(claim(67).is_said);
}

TEST_F(ConflictsTest, AHostThatInventsMacsIsNotNamedForEachOfThem) {
  std::size_t said = 0;
  for (unsigned i = 0; i < 200; ++i) said += claim(i).is_said ? 1 : 0;
  EXPECT_EQ(said, Conflicts::kStrangersMax);
}

TEST_F(ConflictsTest, ADefenceEachSecondAndTheLastWordIsOurs) {
  claim();
  std::size_t defended = 0;
  for (int i = 0; i < 99; ++i) {
    now += 10ms;
    defended += claim().is_defended ? 1 : 0;
    EXPECT_TRUE(conflicts.take_due(now).empty());
  }
  EXPECT_EQ(defended, 0U);
  EXPECT_EQ(conflicts.next_deadline(), Instant{101s});
  now = Instant{101s};
  EXPECT_EQ(conflicts.take_due(now), std::vector<AddressKey>{key()});
  EXPECT_EQ(conflicts.next_deadline(), Instant::max());
  EXPECT_TRUE(conflicts.take_due(now + 5s).empty());
  now += 999ms;
  EXPECT_FALSE(claim().is_defended);
}

TEST_F(ConflictsTest, EachVipHasItsOwnDefence) {
  claim();
  now += 500ms;
  EXPECT_TRUE(claim(66, 10).is_defended);
}

TEST_F(ConflictsTest, WhatIsNoLongerHereIsNotDefendedLater) {
  claim();
  claim();
  conflicts.stop(key());
  EXPECT_TRUE(conflicts.take_due(now + 1s).empty());
}

TEST_F(ConflictsTest, ShowsWhomItNamedLately) {
  claim(66);
  now += 10s;
  claim(67, 10);
  ASSERT_EQ(conflicts.recent(now).size(), 2U);
  EXPECT_EQ(conflicts.recent(now)[0].who.mac, mac(66));
  now += Conflicts::kForgetAfter - 10s;
  ASSERT_EQ(conflicts.recent(now).size(), 1U);
  EXPECT_EQ(conflicts.recent(now)[0].who.mac, mac(67));
}

TEST_F(ConflictsTest, ANameThatIsSaidAgainKeepsItsBeginningUntilItIsForgotten) {
  const auto begun = now;
  claim();
  now += Conflicts::kForgetAfter - 1ns;
  const auto again = now;
  EXPECT_TRUE(claim().is_said);
  ASSERT_EQ(conflicts.recent(now).size(), 1U);
  EXPECT_EQ(conflicts.recent(now)[0].since, begun);
  EXPECT_EQ(conflicts.recent(now)[0].last, again);
  now += Conflicts::kForgetAfter;
  EXPECT_TRUE(conflicts.recent(now).empty());
  EXPECT_TRUE(claim().is_said);
  EXPECT_EQ(conflicts.recent(now)[0].since, now);
}

TEST_F(ConflictsTest, WhoWasNamedLongAgoMakesRoomForOthers) {
  for (unsigned i = 0; i < Conflicts::kStrangersMax; ++i) claim(i);
  now += Conflicts::kSayEvery;
  EXPECT_TRUE(claim(100).is_said);
  EXPECT_EQ(conflicts.recent(now).size(), Conflicts::kStrangersMax);
  EXPECT_EQ(conflicts.recent(now).back().who.mac, mac(100));
}

TEST_F(ConflictsTest, MoreVipsThanAreRememberedMakeRoomForThemselvesWhenTheyAreOld) {
  for (unsigned i = 0; i < Conflicts::kRecordsMax; ++i) EXPECT_TRUE(claim(66, i).is_said);
  EXPECT_FALSE(claim(66, 5000).is_said);
  now += 61s;
  EXPECT_TRUE(claim(66, 5000).is_said);
}

TEST_F(ConflictsTest, TheMacsOfNodesAreAskedForUntilTheyAreKnown) {
  Interfaces interfaces;
  interfaces.on_link({2, "eth0", mac(1), true, true, true, false});
  interfaces.on_address({2, *parse_prefix("10.0.0.1/24"), true, false});
  const auto node = *parse_ip("10.0.0.2");
  EXPECT_TRUE(conflicts.node_at("b", node, now));
  EXPECT_FALSE(conflicts.node_at("b", node, now));
  Actions out;
  EXPECT_EQ(conflicts.next_deadline(), now + Conflicts::kAskNodeFirst);
  now = conflicts.next_deadline();
  conflicts.ask(interfaces, now, out);
  conflicts.ask(interfaces, now, out);
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(std::get<Advertise>(out[0]).host, node);
  now += Conflicts::kAskNodeFirst;
  conflicts.ask(interfaces, now, out);
  EXPECT_EQ(out.size(), 2U);
  now += Conflicts::kAskNodeFirst;
  conflicts.ask(interfaces, now, out);
  EXPECT_EQ(out.size(), 2U);
  EXPECT_FALSE(conflicts.is_node(mac(2), neighbours));
  conflicts.heard(node, mac(2));
  EXPECT_TRUE(conflicts.is_node(mac(2), neighbours));
  now += Conflicts::kAskNodeEvery;
  conflicts.ask(interfaces, now, out);
  EXPECT_EQ(out.size(), 2U);
}

TEST_F(ConflictsTest, OfEachNodeTheLatestAddressesAreKeptUntilItLeaves) {
  const auto at = [](std::size_t i) { return *parse_ip("10.0.0." + std::to_string(i)); };
  conflicts.node_at("c", at(100), now);
  for (std::size_t i = 1; i <= kChatPathsMax; ++i) {
    now += Duration(1);
    conflicts.node_at("b", at(i), now);
  }
  now += Duration(1);
  conflicts.node_at("b", at(1), now);  // heard of again
  EXPECT_TRUE(conflicts.node_at("b", at(50), now));
  const auto kept = conflicts.node_addresses();
  const std::set<IpAddress> addresses(kept.begin(), kept.end());
  EXPECT_EQ(addresses.size(), kChatPathsMax + 1);
  EXPECT_TRUE(addresses.contains(at(1)));
  EXPECT_FALSE(addresses.contains(at(2)));
  EXPECT_TRUE(addresses.contains(at(100)));
  conflicts.keep_nodes({"a", "c"});
  EXPECT_EQ(conflicts.node_addresses(), std::vector<IpAddress>{at(100)});
}

TEST_F(ConflictsTest, ANodeIsKnownByTheTableOfNeighboursToo) {
  conflicts.node_at("b", *parse_ip("10.0.0.2"), now);
  neighbours.on_local({2, *parse_ip("10.0.0.2"), mac(2), true}, now);
  neighbours.on_local({2, *parse_ip("10.0.0.3"), mac(3), true}, now);
  EXPECT_TRUE(conflicts.is_node(mac(2), neighbours));
  EXPECT_FALSE(conflicts.is_node(mac(3), neighbours));
}

}  // namespace
}  // namespace vippy::core
