// Node, leaving: a stop, a drain, and what happens to a group on its way out.
#include <gtest/gtest.h>

#include "tests/core/resting_cluster.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

// The address prefers the first of two nodes, and is there.
class NodeLeaveTest : public testing::Test {
 protected:
  explicit NodeLeaveTest(const Config& config = prefers_a()) : cluster(config) {}

  void stop() { cluster[0].step(StopRequested{}); }
  void drain() { cluster[0].step(OrderGiven{OrderKind::drain, ""}); }
  void lose_the_other() {
    cluster.silence(1);
    cluster.run(100ms);
  }
  [[nodiscard]] std::size_t exits() { return cluster[0].count<Exit>(); }

  Cluster cluster;
};

TEST_F(NodeLeaveTest, AStopMakesBeforeItBreaks) {
  stop();
  cluster.run(50ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  EXPECT_EQ(cluster.fewest, 1U);
  EXPECT_EQ(cluster.most, 2U);
  EXPECT_EQ(exits(), 1U);
}

TEST_F(NodeLeaveTest, TheLastNodeStopsAtOnceAndLeavesNothing) {
  lose_the_other();
  stop();
  cluster.run(10ms);
  EXPECT_EQ(exits(), 1U);
  EXPECT_TRUE(cluster.holders(kVip).empty());
}

TEST_F(NodeLeaveTest, AStopWhileThePeerLooksSilentForAMomentWaitsForIt) {
  cluster.cut(1, 0);
  while (cluster[0].logged<event::PeerSilent>().empty()) cluster.run(1ms);
  stop();
  cluster.run(1ms);
  cluster.cut(1, 0, false);
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  EXPECT_GE(cluster.fewest, 1U);
  EXPECT_EQ(exits(), 1U);
}

TEST_F(NodeLeaveTest, AStopWaitsNoLongerThanStaleAndTwoIntervalsForAPeerThatWasJustLost) {
  cluster.silence(1);
  cluster.run(35ms);
  stop();
  cluster.run(45ms);
  EXPECT_EQ(exits(), 0U);
  cluster.run(10ms);
  EXPECT_EQ(exits(), 1U);
  EXPECT_TRUE(cluster.holders(kVip).empty());
}

TEST_F(NodeLeaveTest, ADrainMakesBeforeItBreaksAndUndrainBringsBack) {
  drain();
  cluster.run(50ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  EXPECT_EQ(cluster[0].status().inactive_reason, "drained by the operator");
  cluster[0].step(OrderGiven{OrderKind::undrain, "a"});
  cluster.run(50ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster.fewest, 1U);
}

TEST_F(NodeLeaveTest, TheOnlyNodeLeftKeepsWhatItHasWhileDrained) {
  lose_the_other();
  drain();
  cluster.run(3s);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster.fewest, 1U);
  const auto status = cluster[0].status();
  EXPECT_EQ(status.groups[0].owner, 0U);
  ASSERT_EQ(status.troubles.size(), 2U);
  EXPECT_EQ(status.troubles[0].text,
            "no other node can take it, so this node keeps it: do not stop it");
  EXPECT_EQ(status.troubles[1].text, "node b: lost: fell silent for longer than stale");
}

// The other one is there, but has no interface for it.
TEST_F(NodeLeaveTest, ADrainedNodeThatKeepsWhatTheOtherRefusesShowsThatItHasIt) {
  auto config = prefers_a();
  auto shared = std::make_shared<Shared>(*config.shared);
  shared->groups[0].vips[0].interface = "eth7";
  config.shared = std::move(shared);
  TalkingNodes pair(kTwo);
  pair[0].link(true, "eth7", 7);
  pair.start(config);
  pair[0].link(true, "eth7", 7);
  pair.run(400ms);
  ASSERT_EQ(pair.holders(kVip), Holders{0});
  pair[0].step(OrderGiven{OrderKind::drain, "a"});
  pair.run(3s);
  EXPECT_EQ(pair.holders(kVip), Holders{0});
  for (const std::size_t i : {0U, 1U}) {
    const auto status = pair[i].status();
    EXPECT_EQ(status.groups[0].owner, 0U) << i;
    EXPECT_EQ(status.groups[0].refused_by, std::vector<std::size_t>{1}) << i;
  }
  EXPECT_EQ(pair[0].status().troubles.at(0).text,
            "no other node can take it, so this node keeps it: do not stop it");
}

const std::string kSecond = "10.0.0.90/24";

// Both addresses are in one group.
Config prefers_a_with_two() {
  auto config = prefers_a();
  auto shared = std::make_shared<Shared>(*config.shared);
  shared->groups[0].vips.push_back(test::vip(kSecond));
  config.shared = std::move(shared);
  return config;
}

class NodeLeaveWithTwoTest : public NodeLeaveTest {
 protected:
  NodeLeaveWithTwoTest() : NodeLeaveTest(prefers_a_with_two()) {}

  // The kernel of the new owner refuses them, so the old one keeps what it has.
  void drain_in_vain() {
    cluster[1].refuses = true;
    drain();
    cluster.run(20ms);
    ASSERT_EQ(cluster[0].kernel.size(), 2U);
    cluster.forget(0);
  }
  void remove_by_hand() {
    cluster[0].kernel.erase(*parse_prefix(kSecond));
    cluster[0].address(kSecond, true, false);
  }
};

TEST_F(NodeLeaveWithTwoTest, WhatIsRemovedByHandFromAGroupOnItsWayOutIsNotPutBack) {
  drain_in_vain();
  remove_by_hand();
  cluster.run(20ms);
  EXPECT_EQ(cluster[0].kernel.size(), 1U);
  EXPECT_TRUE(cluster[0].logged<event::AddressPutBack>().empty());
}

TEST_F(NodeLeaveWithTwoTest, WhatComesAndGoesOfAGroupOnItsWayOutIsNotSpokenOf) {
  drain_in_vain();
  remove_by_hand();
  cluster[0].address(kSecond, true);
  cluster.run(20ms);
  EXPECT_EQ(cluster[0].count<Advertise>(), 0U);
}

TEST_F(NodeLeaveWithTwoTest, WhatIsRemovedByHandFromAGroupThatNobodyElseCanTakeIsPutBack) {
  lose_the_other();
  drain();
  cluster.run(20ms);
  remove_by_hand();
  cluster.run(20ms);
  EXPECT_EQ(cluster[0].kernel.size(), 2U);
  EXPECT_EQ(cluster[0].logged<event::AddressPutBack>().size(), 1U);
}

}  // namespace
}  // namespace vippy::core
