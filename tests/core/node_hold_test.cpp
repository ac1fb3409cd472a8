#include <gtest/gtest.h>

#include "tests/core/resting_cluster.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kThree = {"a", "b", "c"};

TEST(NodeHoldTest, ADeadOwnerIsFollowedWithinStaleAndAnInterval) {
  Cluster cluster(prefers_a());
  cluster.silence(0);
  const auto died = cluster.now;
  while (cluster.holders(kVip).empty()) cluster.run(1ms);
  EXPECT_LE(cluster.now - died, 42ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
}

TEST(NodeHoldTest, AnOrderReachesAnotherNode) {
  Cluster cluster(prefers_a());
  cluster[1].step(OrderGiven{OrderKind::drain, "a"});
  cluster.run(50ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  cluster.isolate(0);
  cluster[1].step(OrderGiven{OrderKind::undrain, "a"});
  cluster.run(6s);
  EXPECT_EQ(cluster[1].logged<event::OrderUnheard>().size(), 1U);
}

TEST(NodeHoldTest, ThePreferredNodeReturnsWithoutAGap) {
  Cluster cluster(prefers_a());
  cluster.isolate(0);
  cluster.run(100ms);
  cluster.isolate(0, false);
  cluster.watch(kVip);
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_GE(cluster.fewest, 1U);
}

TEST(NodeHoldTest, WithFailbackNeverANodeThatReturnsTakesOnlyWhatNobodyHolds) {
  auto config = prefers_a();
  config.failback.reset();
  Cluster cluster(config);
  cluster[0].step(OrderGiven{OrderKind::drain, ""});
  cluster.run(50ms);
  cluster[0].step(OrderGiven{OrderKind::undrain, ""});
  cluster.run(2s);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  cluster.silence(1);
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

TEST(NodeHoldTest, WithFailbackInSecondsANodeTakesBackAfterThatTime) {
  auto config = prefers_a();
  config.failback = 1s;
  Cluster cluster(config);
  cluster[0].step(OrderGiven{OrderKind::drain, ""});
  cluster.run(50ms);
  cluster[0].step(OrderGiven{OrderKind::undrain, ""});
  cluster.run(900ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

TEST(NodeHoldTest, BreakFirstIsNeverOnTwo) {
  auto config = prefers_a();
  config.handover = HandOver::break_first;
  Cluster cluster(config);
  cluster[0].step(OrderGiven{OrderKind::drain, ""});
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  cluster[0].step(OrderGiven{OrderKind::undrain, ""});
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_LE(cluster.most, 1U);
}

// What a node let go of counts as there in its next announcement: the one after it is not to be an
// interval later, since somebody waits for it.
TEST(NodeHoldTest, WithBreakFirstTheGapIsShorterThanAnInterval) {
  auto config = prefers_a();
  config.handover = HandOver::break_first;
  Cluster cluster(config);
  cluster[0].step(OrderGiven{OrderKind::drain, ""});
  cluster.run(5ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
}

TEST(NodeHoldTest, AGroupWhoseLinkIsDownGoesToSomebodyElseAlone) {
  auto config = talking_config(1, kTwo, {{"a", kVip}, {"a", "10.0.0.10/24"}});
  auto shared = std::make_shared<Shared>(*config.shared);
  shared->groups[1].vips[0].interface = "eth1";
  config.shared = shared;
  TalkingNodes cluster(kTwo);
  for (std::size_t i = 0; i < 2; ++i) cluster[i].link(true, "eth1", 3);
  cluster.start(config);
  for (std::size_t i = 0; i < 2; ++i) cluster[i].link(true, "eth1", 3);
  cluster.run(400ms);
  EXPECT_EQ(cluster.holders("10.0.0.10/24"), Holders{0});
  cluster[0].link(false, "eth1", 3);
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders("10.0.0.10/24"), Holders{1});
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

TEST(NodeHoldTest, WhatTheKernelRefusesGoesToSomebodyElse) {
  TalkingNodes cluster(kTwo);
  cluster.start(prefers_a());
  cluster[0].refuses = true;
  cluster.run(400ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  EXPECT_EQ(cluster[1].status().groups[0].reason, MoveReason::owner_cannot);
}

TEST(NodeHoldTest, OfTwoThatDoNotHearEachOtherTheFirstServesWhenAThirdHearsBoth) {
  Cluster cluster(prefers_a(kThree));
  cluster.cut(0, 1);
  cluster.cut(1, 0);
  cluster.run(500ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_FALSE(cluster[1].status().is_active);
  cluster.cut(0, 1, false);
  cluster.cut(1, 0, false);
  cluster.run(500ms);
  EXPECT_TRUE(cluster[1].status().is_active);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

TEST(NodeHoldTest, ANodeThatIsNotHeardStepsBack) {
  Cluster cluster(prefers_a());
  cluster.cut(0, 1);
  cluster.run(500ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  cluster.cut(0, 1, false);
  cluster.run(500ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

TEST(NodeHoldTest, ACutOffNodeReleasesWhenItIsToldTo) {
  auto config = prefers_a();
  config.isolation = Isolation::release;
  Cluster cluster(config);
  cluster.isolate(0);
  cluster.run(500ms);
  EXPECT_TRUE(cluster.holders(kVip).empty());  // each thinks that it is the one
  cluster.isolate(0, false);
  cluster.run(500ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

TEST(NodeHoldTest, OnlyAMajorityServesWhenItIsWanted) {
  auto config = prefers_a(kThree);
  config.quorum = Quorum::majority;
  Cluster cluster(config);
  cluster.isolate(0);
  cluster.run(500ms);
  const auto holders = cluster.holders(kVip);
  ASSERT_EQ(holders.size(), 1U);
  EXPECT_NE(holders[0], 0U);
}

// An ordinary decommissioning: the one that is left out hears of it and hands over.
TEST(NodeHoldTest, ANodeThatANewConfigurationLeavesOutAdoptsItAndHandsOver) {
  const std::vector<std::string> names = {"c", "b", "a"};
  TalkingNodes nodes(names);
  nodes.start(talking_config(1, names, {{"c", kVip}}));
  nodes.run(400ms);
  ASSERT_EQ(nodes.holders(kVip), Holders{0});
  nodes.watch(kVip);
  nodes[1].step(ConfigLoaded{talking_config(2, {"b", "a"}, {{"b", kVip}})});
  nodes.run(50ms);
  EXPECT_EQ(nodes[0].status().shared->version, 2U);
  EXPECT_EQ(nodes.holders(kVip), Holders{1});
  EXPECT_EQ(nodes.fewest, 1U);
  nodes.run(2s);
  EXPECT_EQ(nodes.holders(kVip), Holders{1});
}

// Two nodes that speak whatever they are set to.
struct TwoOfAny {
  SteppedNode a{"a", true, 7};
  SteppedNode b{"b", true, 8};
  Instant now{100s};

  static void deliver(SteppedNode& from, std::size_t& heard, SteppedNode& to, Instant now) {
    for (; heard < from.actions.size(); ++heard) {
      if (const auto* plain = std::get_if<SendAnnouncement>(&from.actions[heard])) {
        to.step(AnnouncementHeard{plain->announcement, *parse_ip("10.0.0.2"), now});
      } else if (const auto* message = std::get_if<SendMessage>(&from.actions[heard])) {
        to.step(MessageHeard{message->message, *parse_ip("10.0.0.2"), now});
      }
    }
  }
  void run(Duration duration) {
    for (const auto until = now + duration; now < until;) {
      now += 1ms;
      for (int turn = 0; turn < 4; ++turn) {
        for (auto* node : {&a, &b}) {
          node->now = now;
          node->tick();
          node->comply();
        }
        deliver(a, heard_of_a, b, now);
        deliver(b, heard_of_b, a, now);
      }
    }
  }
  std::size_t heard_of_a = 0;
  std::size_t heard_of_b = 0;
};

TEST(NodeHoldTest, AReloadFromProtocol1ToBothTakesNothingFromAnybody) {
  auto config = talking_config(1, kTwo, {{"b", kVip}, {"a", "10.0.0.10/24"}});
  config.protocol = Protocol::v1;
  TwoOfAny pair;
  pair.a.start(config);
  pair.b.start(config);
  pair.run(2s);
  ASSERT_EQ(pair.a.kernel.size(), 1U);
  ASSERT_EQ(pair.b.kernel.size(), 1U);
  config.protocol = Protocol::both;
  pair.a.forget();
  pair.heard_of_a = 0;
  pair.a.step(ConfigLoaded{config});
  for (int i = 0; i < 200; ++i) {
    pair.run(1ms);
    ASSERT_EQ(pair.a.kernel.size(), 1U) << i << " ms";
    ASSERT_EQ(pair.b.kernel.size(), 1U) << i << " ms";
  }
  EXPECT_EQ(pair.a.count<RemoveAddress>(), 0U);
}

TEST(NodeHoldTest, AFencedNodeWhoseKernelRefusesTheRemovalSpeaksAgainEvenIfItWakesLate) {
  SteppedNode node("a", true, 7);
  node.start(prefers_a());
  node.run(400ms);
  ASSERT_EQ(node.kernel.size(), 1U);
  node.forget();
  node.step(Fenced{});
  std::size_t seen = 0;
  for (const auto until = node.now + 2s; node.node.next_deadline() <= until;) {
    node.now = std::max(node.now, node.node.next_deadline() + 1us);
    node.tick();
    for (; seen < node.actions.size(); ++seen) {
      const auto* removal = std::get_if<RemoveAddress>(&node.actions[seen]);
      if (removal != nullptr) {
        const auto id = removal->id;
        node.answer(id, FailureKind::no_resources);
      }
    }
  }
  EXPECT_GT(node.count<SendMessage>(), 50U);
  EXPECT_TRUE(node.logged<event::WasLate>().empty());
}

TEST(NodeHoldTest, ANodeThatIsRemovedWhileItWaitsForItsWitnessLetsGoAndSleeps) {
  for (const auto cut_for : {30ms, 32ms, 36ms, 44ms, 60ms}) {
    auto config = prefers_a();
    config.isolation = Isolation::release;
    config.witness = {*parse_ip("10.0.0.254")};
    TalkingNodes nodes(kTwo);
    nodes.start(config);
    nodes.run(400ms);
    nodes.isolate(0);
    nodes.run(cut_for);
    auto without = talking_config(2, {"b"}, {{"", kVip}});
    without.isolation = config.isolation;
    without.witness = config.witness;
    nodes[0].step(ConfigLoaded{without});
    nodes.run(10s);
    nodes[0].tick();
    EXPECT_TRUE(nodes[0].kernel.empty());
    EXPECT_GT(nodes[0].node.next_deadline(), nodes[0].now);
  }
}

TEST(NodeHoldTest, ADeafPeerThatTurnsToProtocol1LetsUsSleep) {
  auto config = prefers_a();
  config.protocol = Protocol::both;
  TalkingNodes nodes(kTwo);
  nodes.start(config);
  const auto run_beside_protocol_1 = [&](int times) {
    for (int i = 0; i < times; ++i) {
      nodes[0].now = nodes.now;
      nodes[0].hear("b", config);
      nodes.run(5ms);
    }
  };
  run_beside_protocol_1(100);
  nodes.cut(0, 1);
  run_beside_protocol_1(100);
  nodes.silence(1);
  run_beside_protocol_1(100);
  nodes[0].tick();
  EXPECT_GT(nodes[0].node.next_deadline(), nodes[0].now);
}

// It was on its way while its speaker stood still, and stands still yet.
TEST(NodeHoldTest, ALateWordOfALostOwnerTakesNothingBack) {
  Cluster cluster(prefers_a());
  auto& owner = cluster[0];
  cluster.forget(0);
  owner.now = cluster.now;
  while (owner.count<SendMessage>() == 0) {
    owner.now = owner.node.next_deadline();
    owner.tick();
  }
  const auto word = owner.last<SendMessage>().message;
  cluster.forget(0);
  cluster.silence(0);
  cluster.run(40ms);
  ASSERT_EQ(cluster.holders(kVip), Holders{1});
  cluster[1].step(MessageHeard{word, *parse_ip("10.0.0.1"), cluster.now});
  cluster.watch(kVip);
  cluster.run(20ms);
  EXPECT_EQ(cluster.fewest, 1U);
  EXPECT_EQ(cluster[1].count<RemoveAddress>(), 0U);
  cluster.wake(0);
  cluster.run(400ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster.fewest, 1U);
}

TEST(NodeHoldTest, AGuardsFarewellIsToldFromAStop) {
  Cluster cluster(prefers_a());
  const auto will = std::get<Message>(cluster[0].last<KeepWill>().message);
  cluster.silence(0);
  cluster[1].step(MessageHeard{will, *parse_ip("10.0.0.2"), cluster.now});
  while (cluster.holders(kVip).empty()) cluster.run(1ms);
  EXPECT_TRUE(cluster[1].logged<event::PeerLeft>().empty());
  ASSERT_EQ(cluster[1].logged<event::PeerDied>().size(), 1U);
  EXPECT_EQ(cluster[1].logged<event::GroupMoved>().back().reason, MoveReason::owner_died);
  cluster.run(1s);
  EXPECT_EQ(cluster[1].status().peers[0].out, OutReason::died) << "long after it fell silent";
}

}  // namespace
}  // namespace vippy::core
