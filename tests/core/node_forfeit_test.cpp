// Node, protocol 2: who was late itself, or was fenced by its guard.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/resting_cluster.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kThree = {"a", "b", "c"};

// Whoever sends it garbage in that moment must not hasten what it says next.
TEST(NodeForfeitTest, ANodeThatWasLateLooksAgainAtOnceWhenItHasLetGo) {
  TalkingNodes pair({"a", "b"});
  pair.start(talking_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}}));
  pair.run(std::chrono::milliseconds(400));
  pair.silence(1);
  pair.run(std::chrono::milliseconds(100));
  pair.wake(1);
  auto& late = pair[1];
  late.now = pair.now;
  for (int i = 0; i < 10 && late.node.is_due(late.now); ++i) late.tick();
  const auto deadline = late.node.next_deadline();
  late.step(DatagramRefused{});
  late.tick();
  EXPECT_EQ(late.node.next_deadline(), deadline);
}

// Wakes when the other one has missed it.
void oversleep(Cluster& cluster) {
  cluster.silence(0);
  cluster.run(40ms);
  cluster.wake(0);
  cluster.forget(0);
}

// The late one's first turn, in which it lets go of nothing yet.
SteppedNode& first_turn(Cluster& cluster) {
  auto& late = cluster[0];
  late.now = cluster.now;
  late.tick();
  EXPECT_EQ(late.count<RemoveAddress>(), 0U);
  return late;
}

// What others have taken meanwhile: requests that were sent to it before may wait for their answer.
TEST(NodeForfeitTest, ANodeThatWasLateLetsGoSoonAndBeforeItSpeaks) {
  Cluster cluster(prefers_a());
  cluster.silence(0);
  cluster.run(40ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  cluster.wake(0);
  cluster.forget(0);
  auto& late = first_turn(cluster);
  EXPECT_EQ(late.node.next_deadline(), late.now + 2ms);
  late.now += 2ms;
  late.tick();
  EXPECT_EQ(late.count<RemoveAddress>(), 1U);
  EXPECT_EQ(late.count<SendMessage>(), 0U);  // not before the address is gone
  const auto speaks_for_it = [](const Action& action) {
    const auto* frame = std::get_if<Advertise>(&action);
    return frame != nullptr && frame->vip == parse_prefix(kVip)->address;
  };
  EXPECT_TRUE(std::none_of(late.actions.begin(), late.actions.end(), speaks_for_it));
  late.comply();
  late.tick();
  EXPECT_EQ(late.count<SendMessage>(), 1U);
}

// Whoever took it is healthy no more, or drained, and gives it back.
TEST(NodeForfeitTest, WhatWasGivenBackMeanwhileALateNodeKeeps) {
  Cluster cluster(prefers_a());
  oversleep(cluster);
  auto& late = first_turn(cluster);
  const auto is_others = [](const Message& message) {
    return message.sender.node == node_id("b") && std::holds_alternative<Beat>(message.body);
  };
  auto message = *std::find_if(cluster.recorded.rbegin(), cluster.recorded.rend(), is_others);
  auto& beat = std::get<Beat>(message.body);
  ASSERT_TRUE(beat.claims.test(0));
  beat.claims.clear();
  ++message.sender.sequence;
  late.now += 1ms;
  late.step(MessageHeard{message, *parse_ip("10.0.0.2"), late.now, 2});
  late.tick();
  late.now += 2ms;
  late.tick();
  EXPECT_EQ(late.count<RemoveAddress>(), 0U);
}

Config spoken(Protocol protocol, const std::string& preferred, std::uint64_t version = 1) {
  auto config = talking_config(version, kTwo, {{preferred, kVip}});
  config.protocol = protocol;
  return config;
}

// It says only that it is active: what it is to have, it has.
TEST(NodeForfeitTest, WhatANodeOfProtocol1HasTakenALateOneLetsGoOfSoon) {
  const auto config = spoken(Protocol::both, "a");
  SteppedNode late;
  late.start(config);
  late.run_with("b", config, 500ms);
  ASSERT_TRUE(late.kernel.contains(*parse_prefix(kVip)));
  late.forget();
  for (int i = 0; i < 6; ++i) {
    late.now += 10ms;
    late.hear("b", config);
  }
  late.tick();
  ASSERT_TRUE(late.logged<event::WasLate>().at(0).is_missed);
  late.run(5ms);
  EXPECT_EQ(late.count<RemoveAddress>(), 1U);
}

TEST(NodeForfeitTest, WhoAdoptsAConfigurationAndWasLateDoesNotSpeakAsActiveBefore) {
  const auto config = spoken(Protocol::v1, "a");
  SteppedNode late;
  late.start(config);
  late.run_with("b", config, 500ms);
  late.forget();
  const auto newer = spoken(Protocol::v1, "a", 2);
  late.now += 100ms;
  late.hear("b", newer);
  EXPECT_EQ(late.count<SendAnnouncement>(), 0U);
  late.tick();
  EXPECT_EQ(late.logged<event::WasLate>().size(), 1U);
  EXPECT_EQ(late.count<SendAnnouncement>(), 1U);
  EXPECT_FALSE(late.last<SendAnnouncement>().announcement.is_active);
}

// What it said in protocol 2 long ago is no answer to anything.
TEST(NodeForfeitTest, WhatGoesToAPeerThatTurnedToProtocol1IsLetGoOf) {
  const auto both = spoken(Protocol::both, "b");
  const auto first = spoken(Protocol::v1, "b");
  TalkingNodes nodes(kTwo);
  nodes.start(both);
  nodes.run(400ms);
  ASSERT_EQ(nodes.holders(kVip), Holders{1});
  nodes.silence(1);
  auto& node = nodes[0];
  node.now = nodes.now;
  const auto hear_it = [&](bool is_active, int times) {
    for (int i = 0; i < times; ++i) {
      node.hear("b", both, is_active);
      node.tick();
      node.comply();
      node.run(5ms);
    }
  };
  hear_it(true, 2);
  node.step(ConfigLoaded{first});
  hear_it(true, 40);
  node.step(ConfigLoaded{both});
  hear_it(false, 40);
  ASSERT_TRUE(node.kernel.contains(*parse_prefix(kVip)));
  hear_it(true, 40);
  EXPECT_FALSE(node.kernel.contains(*parse_prefix(kVip)));
}

// It held on for others until its time was over, and stood still then.
TEST(NodeForfeitTest, WhoIsNoNodeAnyMoreAndWasLateSleepsUntilItLetsGo) {
  Cluster cluster(prefers_a(kThree));
  auto without = talking_config(2, {"b", "c"}, {{"b", kVip}});
  cluster[0].step(ConfigLoaded{without});
  cluster[0].tick();
  cluster.silence(0);
  cluster.run(2s);
  cluster.wake(0);
  auto& late = cluster[0];
  for (int i = 0; i < 10 && late.node.is_due(late.now); ++i) late.tick();
  EXPECT_GT(late.node.next_deadline(), late.now);
}

TEST(NodeForfeitTest, WhoStandsStillOnceMoreWhileItLetsGoSaysNothingBeforeItHas) {
  Cluster cluster(prefers_a());
  oversleep(cluster);
  auto& late = first_turn(cluster);
  late.now += 200ms;
  late.tick();
  EXPECT_EQ(late.count<RemoveAddress>(), 1U);
  late.tick();
  EXPECT_EQ(late.count<SendMessage>(), 0U);
  late.comply();
  late.tick();
  EXPECT_EQ(late.count<SendMessage>(), 1U);
}

// Wakes late; the other one would have missed it, and has not got round to it.
void oversleep_unnoticed(Cluster& cluster) {
  cluster.silence(0);
  cluster.run(20ms);  // it spoke last some 10 ms before
  cluster.silence(1);
  cluster.run(12ms);
  cluster.wake(0);
  cluster.forget(0);
}

TEST(NodeForfeitTest, WhatNobodyHasTakenYetALateNodeKeepsInSilenceUntilSomebodyHas) {
  Cluster cluster(prefers_a());
  oversleep_unnoticed(cluster);
  cluster.watch(kVip);
  cluster.run(5ms);
  ASSERT_EQ(cluster[0].logged<event::WasLate>().size(), 1U);
  EXPECT_TRUE(cluster[0].logged<event::WasLate>().at(0).is_missed);
  EXPECT_EQ(cluster[0].count<SendMessage>(), 0U);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  cluster.wake(1);
  cluster.run(20ms);
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 1U);
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster.fewest, 1U);
}

TEST(NodeForfeitTest, WhatNobodyTakesALateNodeLetsGoOfAllTheSame) {
  Cluster cluster(prefers_a(kThree));
  cluster[2].step(OrderGiven{OrderKind::drain, "c"});  // it takes nothing, and is there
  cluster.run(50ms);
  oversleep_unnoticed(cluster);
  cluster.run(60ms);
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 1U);
}

// Who is next when a node of three fails.
std::size_t successor_of_a() {
  Cluster cluster(prefers_a(kThree));
  cluster.silence(0);
  cluster.run(100ms);
  return cluster.holders(kVip).at(0);
}

// A third one misses first the late one and then the one that was to follow it.
TEST(NodeForfeitTest, WhoIsMissedKeepsInSilenceWhatItsSuccessorDoesNotComeTo) {
  const auto successor = successor_of_a();
  Cluster cluster(prefers_a(kThree));
  cluster.silence(0);
  cluster.run(20ms);
  cluster.silence(successor);
  cluster.run(20ms);
  cluster.wake(0);
  cluster.forget(0);
  cluster.watch(kVip);
  cluster.run(5ms);
  EXPECT_TRUE(cluster[0].logged<event::WasLate>().at(0).is_missed);
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 0U);
  cluster.run(20ms);
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 1U);
  EXPECT_EQ(cluster.holders(kVip), Holders{3 - successor});
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster.fewest, 1U);
}

// One processor stands still, and then the other one: nobody is there to take anything.
TEST(NodeForfeitTest, ALateNodeThatHearsNobodyUntilItWouldLetGoKeepsWhatItHas) {
  Cluster cluster(prefers_a());
  oversleep_unnoticed(cluster);
  cluster.watch(kVip);
  cluster.run(60ms);
  EXPECT_TRUE(cluster[0].logged<event::WasLate>().at(0).is_missed);
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 0U);
  EXPECT_GT(cluster[0].count<SendMessage>(), 0U);
  cluster.wake(1);
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster.fewest, 1U);
}

// Another one took it meanwhile, and stands still now.
TEST(NodeForfeitTest, WhatALateNodeKeptAndAnotherOneTookIsOneOwnersWhenBothAreThere) {
  Cluster cluster(prefers_a());
  cluster.silence(0);
  cluster.run(40ms);
  cluster.silence(1);
  cluster.run(60ms);
  cluster.wake(0);
  cluster.forget(0);
  cluster.run(100ms);
  cluster.wake(1);
  cluster.watch(kVip);
  cluster.run(50ms);
  EXPECT_EQ(cluster.holders(kVip).size(), 1U);
  EXPECT_EQ(cluster.fewest, 1U);
}

TEST(NodeForfeitTest, AFencedNodeThatHearsNobodyLetsGo) {
  Cluster cluster(prefers_a());
  cluster.silence(1);
  cluster.run(60ms);
  cluster.forget(0);
  cluster[0].step(Fenced{3ms});
  cluster.run(10ms);
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 1U);
}

// Its time is over when it wakes: what it has must be gone before its last word.
TEST(NodeForfeitTest, WhoWasLateWhileItLeavesLetsGoAtOnce) {
  Cluster cluster(prefers_a());
  cluster[0].step(StopRequested{});
  oversleep(cluster);
  cluster[0].tick();
  EXPECT_EQ(cluster[0].count<RemoveAddress>(), 1U);
}

TEST(NodeForfeitTest, WhoIsStoppedWhileItLingersLetsGoAtOnce) {
  Cluster cluster(prefers_a());
  oversleep_unnoticed(cluster);
  auto& late = first_turn(cluster);
  late.step(StopRequested{});
  late.tick();
  EXPECT_EQ(late.count<RemoveAddress>(), 1U);
}

TEST(NodeForfeitTest, WhoMustNotShareWasLateAndLetsGoAtOnce) {
  auto alone = prefers_a();
  alone.isolation = Isolation::release;
  auto breaks_first = prefers_a();
  breaks_first.handover = HandOver::break_first;
  for (const auto& config : {alone, breaks_first}) {
    Cluster cluster(config);
    oversleep(cluster);
    cluster[0].tick();
    EXPECT_EQ(cluster[0].count<RemoveAddress>(), 1U);
    EXPECT_EQ(cluster[0].count<SendMessage>(), 0U);
  }
}

// A host that pauses with all that is on it: who wakes first hears nobody, who wakes later hears
// that it does not hold what is theirs.
TEST(NodeForfeitTest, WhenAllStoodStillTogetherNothingMoves) {
  for (const auto apart : {0ms, 1ms, 9ms}) {
    Cluster cluster(prefers_a(kThree));
    for (std::size_t i = 0; i < 3; ++i) cluster.silence(i);
    cluster.run(200ms);
    for (const std::size_t i : {2U, 0U, 1U}) {
      cluster.wake(i);
      cluster.run(apart);
    }
    cluster.run(200ms);
    EXPECT_EQ(cluster.fewest, 0U);  // they all were away
    for (std::size_t i = 0; i < 3; ++i) {
      ASSERT_EQ(cluster[i].logged<event::WasLate>().size(), 1U) << i;
      EXPECT_FALSE(cluster[i].logged<event::WasLate>().at(0).is_missed) << i;
      EXPECT_EQ(cluster[i].logged<event::GroupMoved>().size(), 1U) << i;
      EXPECT_TRUE(cluster[i].logged<event::PeerSilent>().empty()) << i;
    }
    EXPECT_EQ(cluster[0].count<RemoveAddress>(), 0U);
    EXPECT_EQ(cluster.holders(kVip), Holders{0});
  }
}

TEST(NodeForfeitTest, WhoeverWokeEarlyEnoughToMissALateNodeIsReckonedWith) {
  Cluster cluster(prefers_a());
  for (std::size_t i = 0; i < 2; ++i) cluster.silence(i);
  cluster.run(100ms);
  cluster.wake(1);
  cluster.run(25ms);
  cluster.wake(0);
  cluster.run(1ms);
  ASSERT_EQ(cluster[0].logged<event::WasLate>().size(), 1U);
  EXPECT_TRUE(cluster[0].logged<event::WasLate>().at(0).is_missed);
  cluster.run(100ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

// Nobody who sends recordings makes a late node let go.
TEST(NodeForfeitTest, ALateNodeGoesByWhomItBelievesOnly) {
  Cluster cluster(prefers_a());
  const auto recorded = cluster.recorded;
  for (std::size_t i = 0; i < 2; ++i) cluster.silence(i);
  cluster.run(100ms);
  cluster[0].now = cluster.now;
  for (auto message : recorded) {
    for (const unsigned other : {0U, 2U}) {
      message.sender.session += other;
      cluster[0].step(MessageHeard{message, *parse_ip("10.0.0.3"), cluster.now, 2});
    }
  }
  cluster[0].tick();
  ASSERT_EQ(cluster[0].logged<event::WasLate>().size(), 1U);
  EXPECT_FALSE(cluster[0].logged<event::WasLate>().at(0).is_missed);
}

TEST(NodeForfeitTest, ALateNodeThatMustNotBeAloneLetsGo) {
  for (const bool is_quorum : {false, true}) {
    auto config = prefers_a();
    if (is_quorum) {
      config.quorum = Quorum::majority;
    } else {
      config.isolation = Isolation::release;
    }
    Cluster cluster(config);
    for (std::size_t i = 0; i < 2; ++i) cluster.silence(i);
    cluster.run(100ms);
    cluster.wake(0);
    cluster[0].tick();
    ASSERT_EQ(cluster[0].logged<event::WasLate>().size(), 1U);
    EXPECT_TRUE(cluster[0].logged<event::WasLate>().at(0).is_missed);
  }
}

TEST(NodeForfeitTest, AFencedNodeLetsGoAndComesBack) {
  Cluster cluster(prefers_a());
  cluster[0].step(Fenced{});
  cluster.run(1ms);
  EXPECT_FALSE(cluster[0].kernel.contains(*parse_prefix(kVip)));
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_EQ(cluster[0].status().counters.fenced, 1U);
}

TEST(NodeForfeitTest, AFencedNodeLetsGoWhenItsGuardWouldHave) {
  for (const auto left : {0ms, 1ms, 3ms}) {
    Cluster cluster(prefers_a());
    auto& fenced = cluster[0];
    cluster.forget(0);
    fenced.step(Fenced{left});
    fenced.tick();
    EXPECT_EQ(fenced.count<WithdrawAdditions>(), 1U);
    EXPECT_EQ(fenced.count<RemoveAddress>(), left > 0ms ? 0U : 1U);
    fenced.now += left;
    fenced.tick();
    EXPECT_EQ(fenced.count<RemoveAddress>(), 1U);
    EXPECT_EQ(fenced.count<SendMessage>(), 0U);
  }
}

}  // namespace
}  // namespace vippy::core
