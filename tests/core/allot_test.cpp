#include "core/allot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "core/rng.h"
#include "core/status.h"

namespace vippy::core {
namespace {

constexpr std::array<std::uint16_t, 3> kRanking = {2, 0, 1};

BitSet one() {
  BitSet out(1);
  out.set(0);
  return out;
}

const BitSet kHas = one();

NodeFacts active() { return {.is_active = true, .is_settled = true}; }
NodeFacts fresh() { return {.is_active = true}; }
NodeFacts holder(NodeFacts facts) {
  facts.claims = &kHas;
  return facts;
}

TEST(AllotTest, TheFirstOfTheRankingThatIsActiveHasIt) {
  EXPECT_EQ(allot(0, kRanking, std::array{active(), active(), active()}), 2U);
  EXPECT_EQ(allot(0, kRanking, std::array{active(), active(), NodeFacts{}}), 0U);
  EXPECT_EQ(allot(0, kRanking, std::array{NodeFacts{}, NodeFacts{}, NodeFacts{}}), kNobody);
}

TEST(AllotTest, AHolderKeepsItFromANodeThatIsNotSettled) {
  EXPECT_EQ(allot(0, kRanking, std::array{active(), holder(active()), fresh()}), 0U);
  EXPECT_EQ(allot(0, kRanking, std::array{fresh(), holder(fresh()), fresh()}), 1U);
}

TEST(AllotTest, WhatNobodyHoldsGoesToTheBestEvenIfItIsNotSettled) {
  EXPECT_EQ(allot(0, kRanking, std::array{fresh(), fresh(), fresh()}), 2U);
}

TEST(AllotTest, OfTwoHoldersTheBetterRankedHasIt) {
  EXPECT_EQ(allot(0, kRanking, std::array{holder(fresh()), holder(fresh()), fresh()}), 0U);
}

TEST(AllotTest, RefusedGroupsGoElsewhere) {
  auto refuses = active();
  refuses.refusals = &kHas;
  EXPECT_EQ(allot(0, kRanking, std::array{active(), active(), refuses}), 0U);
}

TEST(AllotTest, MakeFirstKeepsUntilTheOwnerHolds) {
  const std::array before{holder(active()), active(), active()};
  EXPECT_TRUE(should_hold(0, 2, 0, before, HandOver::make_first));
  EXPECT_TRUE(should_hold(0, 2, 2, before, HandOver::make_first));
  EXPECT_FALSE(should_hold(0, 2, 1, before, HandOver::make_first));
  const std::array after{holder(active()), active(), holder(active())};
  EXPECT_FALSE(should_hold(0, 2, 0, after, HandOver::make_first));
  EXPECT_TRUE(should_hold(0, 2, 2, after, HandOver::make_first));
}

TEST(AllotTest, BreakFirstWaitsUntilNobodyElseHolds) {
  const std::array before{holder(active()), active(), active()};
  EXPECT_FALSE(should_hold(0, 2, 0, before, HandOver::break_first));
  EXPECT_FALSE(should_hold(0, 2, 2, before, HandOver::break_first));
  const std::array after{active(), active(), active()};
  EXPECT_TRUE(should_hold(0, 2, 2, after, HandOver::break_first));
}

TEST(AllotTest, WhatIsToGoToNobodyIsNotKept) {
  const std::array nodes{holder(active()), active(), active()};
  EXPECT_FALSE(should_hold(0, kNobody, 0, nodes, HandOver::make_first));
  EXPECT_FALSE(should_hold(0, kNobody, 0, nodes, HandOver::break_first));
}

// From any claims, when everybody follows the rules in turn, exactly the owner holds in the end;
// on the way there make_first is never without a holder once there is one, break_first never has
// more holders than it began with.
TEST(AllotTest, HandOversEndWithExactlyTheOwner) {
  Rng rng(11);
  for (int round = 0; round < 20'000; ++round) {
    const auto how = rng.chance(1, 2) ? HandOver::make_first : HandOver::break_first;
    std::array<BitSet, 3> claims{BitSet(1), BitSet(1), BitSet(1)};
    std::array<NodeFacts, 3> nodes;
    std::size_t holders = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      claims[i].set(0, rng.chance(1, 2));
      holders += claims[i].test(0) ? 1 : 0;
      nodes[i] = {rng.chance(3, 4), rng.chance(1, 2), false, &claims[i], nullptr};
    }
    for (int turn = 0; turn < 64; ++turn) {
      const auto self = rng.below(3);
      const auto owner = allot(0, kRanking, nodes);
      claims[self].set(0, should_hold(0, owner, self, nodes, how));
      std::size_t now = 0;
      for (const auto& claim : claims) now += claim.test(0) ? 1 : 0;
      if (how == HandOver::make_first && holders > 0 && owner != kNobody) {
        ASSERT_GT(now, 0U);
      }
      if (how == HandOver::break_first) {
        ASSERT_LE(now, std::max<std::size_t>(holders, 1));
      }
      holders = now;
    }
    const auto owner = allot(0, kRanking, nodes);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      ASSERT_EQ(claims[i].test(0), i == owner) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace vippy::core
