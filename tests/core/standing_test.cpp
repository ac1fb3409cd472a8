#include "core/standing.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Instant kNow{100s};

struct Scene {
  explicit Scene(std::size_t nodes) : sights(nodes), views(nodes, BitSet(nodes)) {}
  // Node i is heard both ways and counts on `whom`.
  void touch(std::size_t i, std::initializer_list<std::size_t> whom) {
    for (const auto node : whom) views[i].set(node);
    sights[i] = {true, true, true, &views[i]};
  }
  std::optional<InactiveReason> judge(Instant now = kNow, Witnesses witnesses = Witnesses::none) {
    return standing.judge(self, sights, witnesses, now);
  }
  std::vector<Sight> sights;
  std::vector<BitSet> views;
  Standing standing;
  std::size_t self = 0;
};

TEST(StandingTest, WithoutRulesANodeAloneServes) {
  Scene scene(3);
  EXPECT_FALSE(scene.judge());
  EXPECT_EQ(scene.standing.next_deadline(), Instant::max());
}

TEST(StandingTest, AMajorityIsMoreThanHalf) {
  Scene scene(3);
  scene.standing.configure(Isolation::hold, Quorum::majority, 1s);
  EXPECT_EQ(scene.judge(), InactiveReason::no_quorum);
  scene.touch(1, {0, 1});
  EXPECT_FALSE(scene.judge());
}

TEST(StandingTest, HalfOfTheNodesNeedsAWitness) {
  Scene scene(2);
  scene.standing.configure(Isolation::hold, Quorum::majority, 1s);
  EXPECT_EQ(scene.judge(kNow, Witnesses::none), InactiveReason::no_quorum);
  EXPECT_EQ(scene.judge(kNow, Witnesses::silent), InactiveReason::no_quorum);
  EXPECT_FALSE(scene.judge(kNow, Witnesses::answer));
  EXPECT_FALSE(scene.standing.is_waiting());
  EXPECT_FALSE(scene.judge(kNow, Witnesses::unknown));
  EXPECT_TRUE(scene.standing.is_waiting());
}

TEST(StandingTest, ACutOffNodeReleasesUnlessAWitnessAnswers) {
  Scene scene(2);
  scene.standing.configure(Isolation::release, Quorum::none, 1s);
  EXPECT_EQ(scene.judge(kNow, Witnesses::none), InactiveReason::isolated);
  EXPECT_TRUE(scene.standing.needs_witness());
  EXPECT_FALSE(scene.judge(kNow, Witnesses::answer));
  scene.touch(1, {0, 1});
  EXPECT_FALSE(scene.judge(kNow, Witnesses::silent));
  EXPECT_FALSE(scene.standing.needs_witness());
}

TEST(StandingTest, ASingleNodeIsNeverCutOff) {
  Scene scene(1);
  scene.standing.configure(Isolation::release, Quorum::majority, 1s);
  EXPECT_FALSE(scene.judge());
}

TEST(StandingTest, OfTwoThatAThirdCountsOnTheFirstStays) {
  for (const std::size_t self : {0U, 1U}) {
    Scene scene(3);
    scene.standing.configure(Isolation::hold, Quorum::none, 1s);
    scene.self = self;
    scene.touch(2, {0, 1, 2});
    EXPECT_FALSE(scene.judge(kNow));
    const auto later = scene.judge(kNow + 1s);
    EXPECT_EQ(later, self == 0 ? std::nullopt : std::optional(InactiveReason::deaf_pair));
  }
}

TEST(StandingTest, WhoeverIsNotHeardByANodeThatItHearsStepsBack) {
  Scene scene(2);
  scene.standing.configure(Isolation::hold, Quorum::none, 1s);
  scene.sights[1] = {true, true, false, nullptr};
  EXPECT_FALSE(scene.judge(kNow));
  EXPECT_EQ(scene.standing.next_deadline(), kNow + 1s);
  EXPECT_EQ(scene.judge(kNow + 1s), InactiveReason::deaf_pair);
  scene.sights[1].is_active = false;  // nobody else serves
  EXPECT_FALSE(scene.judge(kNow + 2s));
}

// A recording of a node that was lost may be what was heard.
TEST(StandingTest, WhatIsHeardOfALostNodeDoesNotShortenThePatienceWithOthers) {
  Scene scene(3);
  scene.standing.configure(Isolation::hold, Quorum::none, 1s);
  scene.self = 1;
  scene.sights[0] = {true, true, false, nullptr};
  EXPECT_FALSE(scene.judge(kNow));
  scene.sights[0] = {};
  scene.touch(2, {0, 1, 2});
  EXPECT_FALSE(scene.judge(kNow + 500ms));
  EXPECT_FALSE(scene.judge(kNow + 1s));
  EXPECT_EQ(scene.standing.next_deadline(), kNow + 1500ms);
  EXPECT_EQ(scene.judge(kNow + 1500ms), InactiveReason::deaf_pair);
}

TEST(StandingTest, AShortSilenceIsNoReason) {
  Scene scene(3);
  scene.standing.configure(Isolation::hold, Quorum::none, 1s);
  scene.self = 1;
  scene.touch(2, {0, 1, 2});
  EXPECT_FALSE(scene.judge(kNow));
  scene.touch(0, {0, 1, 2});
  EXPECT_FALSE(scene.judge(kNow + 900ms));
  scene.sights[0] = {};
  EXPECT_FALSE(scene.judge(kNow + 1100ms));  // the patience begins anew
}

}  // namespace
}  // namespace vippy::core
