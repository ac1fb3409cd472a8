#include "tests/core/stepped_node.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

// One group for each, and both on one interface.
const Config kPair = small_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}, {"b", "10.0.0.8/24"}});

class NodeJudgeTest : public NodeTestBase {
 protected:
  // Both are active, and each owns its own group.
  void serve() {
    start(kPair);
    run_with("b", kPair, 1500ms);
    ASSERT_EQ(owner(0), "a");
    ASSERT_EQ(owner(1), "b");
    ASSERT_EQ(count<AddAddress>(), 1U);
    forget();
  }
};

TEST_F(NodeJudgeTest, TakesOverAtTheFirstInstantAfterStaleAndNotEarlier) {
  serve();
  hear("b", kPair);
  const auto heard = now;
  run(300ms);
  EXPECT_EQ(now, heard + 300ms);
  EXPECT_EQ(owner(1), "b");
  EXPECT_EQ(node.next_deadline(), heard + 300ms + 1ns);
  now = node.next_deadline();
  tick();
  EXPECT_EQ(owner(1), "a");
  EXPECT_EQ(format(last<AddAddress>().prefix), "10.0.0.8/24");
  EXPECT_EQ(logged<event::GroupMoved>().at(0).reason, MoveReason::owner_silent);
  EXPECT_EQ(logged<event::PeerSilent>().at(0).silent_for, 300ms + 1ns);
}

TEST_F(NodeJudgeTest, OnlyATickJudgesSilence) {
  serve();
  hear("b", kPair);
  now += 250ms;
  const auto sent = count<SendAnnouncement>();
  tick();
  EXPECT_EQ(count<SendAnnouncement>(), sent + 1);
  now += 200ms;
  step(DatagramRefused{});
  step(NeighbourSeen{2, *parse_ip("10.0.0.33"), Mac{{2, 0, 0, 0, 0, 3}}, true});
  hear("b", kPair);  // it was in the socket all the time
  tick();
  EXPECT_EQ(owner(1), "b");
  EXPECT_TRUE(logged<event::PeerSilent>().empty());
}

TEST_F(NodeJudgeTest, OnlyATickDecidesWhenAPeerLeaves) {
  serve();
  hear("b", kPair, false);
  EXPECT_EQ(owner(1), "b");
  EXPECT_EQ(count<AddAddress>(), 0U);
  tick();
  EXPECT_EQ(owner(1), "a");
  EXPECT_EQ(logged<event::GroupMoved>().at(0).reason, MoveReason::owner_left);
}

TEST_F(NodeJudgeTest, APreferredNodeThatReturnsGetsItsGroupBack) {
  serve();
  hear("b", kPair, false);
  tick();
  comply();
  hear("b", kPair);
  tick();
  EXPECT_EQ(owner(1), "b");
  EXPECT_EQ(count<RemoveAddress>(), 1U);
  EXPECT_EQ(logged<event::GroupMoved>().at(1).reason, MoveReason::preferred_returned);
}

TEST_F(NodeJudgeTest, OwnLatenessIsNotThePeersDeathAndGivesUpWhatOthersHave) {
  serve();
  now += 1s;  // stopped by somebody
  hear("b", kPair);
  tick();
  EXPECT_EQ(logged<event::WasLate>().size(), 1U);
  EXPECT_EQ(status().counters.late, 1U);
  EXPECT_TRUE(logged<event::PeerSilent>().empty());
  EXPECT_FALSE(last<SendAnnouncement>().announcement.is_active);
  EXPECT_EQ(format(last<RemoveAddress>().prefix), "10.0.0.9/24");
  EXPECT_EQ(owner(0), "b");
  comply();
  run_with("b", kPair, 100ms);
  EXPECT_TRUE(status().is_active);  // everybody was heard since
  EXPECT_EQ(owner(0), "a");
}

TEST_F(NodeJudgeTest, ALateNodeThatHearsNobodyKeepsWhatItHasWhileItListens) {
  serve();
  now += 1s;
  tick();
  EXPECT_EQ(status().inactive_reason, "listening before it offers itself again");
  EXPECT_EQ(count<RemoveAddress>(), 0U);
  const auto since = now;
  run(300ms);
  EXPECT_FALSE(status().is_active);
  run(1ns);
  EXPECT_EQ(now, since + 300ms + 1ns);
  EXPECT_TRUE(status().is_active);
  EXPECT_EQ(owner(1), "a");
}

TEST_F(NodeJudgeTest, ANodeAloneIsNeverLate) {
  start(small_config(1, {"a"}, {{"", "10.0.0.9/24"}}));
  run(2s);
  now += 1h;
  tick();
  EXPECT_EQ(status().counters.late, 0U);
  EXPECT_EQ(count<RemoveAddress>(), 0U);
}

TEST_F(NodeJudgeTest, ADeadLinkMakesTheNodeStepBackWhileSomebodyElseIsActive) {
  serve();
  link(false);
  hear("b", kPair);
  tick();
  EXPECT_EQ(status().inactive_reason, "link down");
  EXPECT_EQ(owner(0), "b");
  EXPECT_EQ(logged<event::LinkDown>().size(), 1U);
  comply();
  link(true);
  tick();
  EXPECT_EQ(status().inactive_reason, "listening before it offers itself again");
  run_with("b", kPair, 100ms);
  EXPECT_TRUE(status().is_active);
  EXPECT_EQ(owner(0), "a");
}

TEST_F(NodeJudgeTest, ADeadLinkOfTheLastActiveNodeDoesNotMakeItStepBack) {
  serve();
  run_with("b", kPair, 100ms, false);
  link(false);
  tick();
  EXPECT_TRUE(status().is_active);
  EXPECT_EQ(count<RemoveAddress>(), 2U);  // there is no use in an address behind a dead link
}

// Two nodes by hand: what one says the other hears at once.
TEST(NodeJudgePairTest, WhenAllLinksAreDeadTheFirstNodeServesAndNobodySwings) {
  SteppedNode a("a");
  SteppedNode b("b");
  a.start(kPair);
  b.start(kPair);
  std::size_t heard_a = 0;
  std::size_t heard_b = 0;
  const auto talk = [](SteppedNode& from, std::size_t& heard, SteppedNode& to) {
    for (; heard < from.actions.size(); ++heard) {
      const auto* said = std::get_if<SendAnnouncement>(&from.actions[heard]);
      if (said == nullptr) continue;
      to.step(AnnouncementHeard{said->announcement, {}, to.now});
      to.tick();
    }
  };
  const auto pass = [&](Duration duration) {
    for (const auto end = a.now + duration; a.now < end;) {
      a.run(10ms);
      b.run(10ms);
      talk(a, heard_a, b);
      talk(b, heard_b, a);
    }
  };
  pass(2s);
  EXPECT_TRUE(a.status().is_active && b.status().is_active);
  a.link(false);
  b.link(false);
  pass(3s);
  EXPECT_TRUE(a.status().is_active);
  EXPECT_FALSE(b.status().is_active);
  const auto moves = a.status().counters.state_changes + b.status().counters.state_changes;
  pass(20s);
  EXPECT_EQ(a.status().counters.state_changes + b.status().counters.state_changes, moves);
  b.link(true);
  pass(3s);
  EXPECT_TRUE(b.status().is_active);
  EXPECT_FALSE(a.status().is_active);
}

TEST_F(NodeJudgeTest, AnyBadHealthReportMakesTheNodeInactiveUntilAllAreGoodAgain) {
  serve();
  hear("b", kPair);
  step(HealthReported{"disk", false});
  step(HealthReported{"fan", false});
  EXPECT_TRUE(status().is_active);  // not before the Tick
  tick();
  EXPECT_EQ(status().inactive_reason, "disk, fan");
  EXPECT_FALSE(last<SendAnnouncement>().announcement.is_active);
  EXPECT_EQ(owner(0), "b");
  step(HealthReported{"disk", true});
  tick();
  EXPECT_FALSE(status().is_active);
  step(HealthReported{"fan", true});
  tick();
  EXPECT_TRUE(status().is_active);
  EXPECT_EQ(owner(0), "a");
}

TEST_F(NodeJudgeTest, WhenNobodyIsActiveTheGroupsHaveNoOwner) {
  serve();
  hear("b", kPair, false);
  step(HealthReported{"disk", false});
  tick();
  EXPECT_EQ(owner(0), "_");
  EXPECT_EQ(owner(1), "_");
  EXPECT_EQ(logged<event::GroupMoved>().at(0).reason, MoveReason::nobody_active);
  EXPECT_EQ(count<RemoveAddress>(), 1U);
}

TEST_F(NodeJudgeTest, AnImmatureNodeOwnsNothingAndLeavesLeftoversToWhomHasThem) {
  start(kPair, {"10.0.0.9/24"});
  run(200ms);
  EXPECT_EQ(count<RemoveAddress>(), 0U);  // nobody is known to have it
  hear("b", kPair);
  tick();
  EXPECT_EQ(owner(0), "b");
  EXPECT_EQ(count<RemoveAddress>(), 1U);
  EXPECT_EQ(status().inactive_reason, "maturing");
}

TEST_F(NodeJudgeTest, WhatASplitLeftInNeighboursIsPutRightByWhomItBelongsTo) {
  serve();
  run(1s);  // b is silent: a split
  ASSERT_EQ(owner(1), "a");
  forget();
  hear("b", kPair);
  tick();
  EXPECT_EQ(owner(1), "b");
  ASSERT_EQ(count<Advertise>(), 2U);  // both forms of ARP
  EXPECT_EQ(format(last<Advertise>().vip), "10.0.0.9");
  EXPECT_EQ(logged<event::AnnouncedAgain>().at(0).vips, 1U);
  EXPECT_EQ(logged<event::AnnouncedAgain>().at(0).node, "b");
}

TEST_F(NodeJudgeTest, WithoutAChatInterfaceANodeTakesNothingUntilThereIsOne) {
  for (const auto protocol : {Protocol::v1, Protocol::v2}) {
    SteppedNode waiting;
    auto config = kPair;
    config.protocol = protocol;
    config.chat_interfaces = {"eth9"};
    waiting.start(config);
    waiting.run(5s);
    EXPECT_TRUE(waiting.kernel.empty());
    EXPECT_EQ(waiting.status().inactive_reason, "no chat interface works");
    ASSERT_EQ(waiting.status().troubles.size(), 1U);
    EXPECT_EQ(waiting.status().troubles[0].text,
              "chat_interface (eth9) is missing, down or loopback: this node hears no other one, "
              "and takes nothing until it does");
    waiting.link(true, "eth9", 9);
    waiting.tick();
    EXPECT_EQ(waiting.status().inactive_reason, "maturing");
    waiting.run(900ms);
    EXPECT_TRUE(waiting.kernel.empty());
    waiting.run(200ms);
    EXPECT_EQ(waiting.kernel.size(), 2U);
    ASSERT_EQ(waiting.status().troubles.size(), 1U);
    EXPECT_EQ(waiting.status().troubles[0].text.rfind("this node hears no other one", 0), 0U);
  }
}

TEST_F(NodeJudgeTest, LoopbackIsNoChatInterfaceForMoreThanOneNode) {
  auto config = kPair;
  config.chat_interfaces = {"lo"};
  start(config);
  step(LinkSeen{1, "lo", {}, true, true, false, false, true});
  run(5s);
  EXPECT_TRUE(kernel.empty());
}

TEST_F(NodeJudgeTest, ANodeThatIsAloneInItsConfigurationNeedsNoChatInterface) {
  auto config = small_config(1, {"a"}, {{"a", "10.0.0.9/24"}});
  config.chat_interfaces = {"eth9"};
  start(config);
  run(2s);
  EXPECT_EQ(kernel.size(), 1U);
}

TEST_F(NodeJudgeTest, ANodeThatLosesItsChatInterfaceKeepsWhatItHas) {
  auto config = kPair;
  config.chat_interfaces = {"10.7.0.1"};
  step(ConfigLoaded{config});
  tables();
  step(LinkSeen{9, "eth9", {}, true, true, true, false});
  step(AddressSeen{9, *parse_prefix("10.7.0.1/24"), true, false});
  answer(last<OpenManagement>().id);
  answer(last<OpenChat>().id);
  answer(last<UseInjector>().id);
  run(2s);
  ASSERT_EQ(kernel.size(), 2U);
  step(LinkSeen{9, "eth9", {}, true, false, true, false});
  run(2s);
  EXPECT_EQ(kernel.size(), 2U);
  ASSERT_EQ(status().troubles.size(), 1U);
  EXPECT_EQ(status().troubles[0].text,
            "chat_interface (10.7.0.1) is missing, down or loopback: this node hears no other one");
}

TEST_F(NodeJudgeTest, APeerThatReturnsInTheMomentInWhichItIsTakenFromTheNodesIsForgotten) {
  auto three = small_config(1, {"x", "y", "a", "b"}, {{"a", "10.0.0.9/24"}});
  start(three);
  run_with("y", three, 1500ms);
  hear("b", three);  // back from silence, not judged yet
  hear("y", small_config(2, {"a", "y"}, {{"a", "10.0.0.9/24"}}));
  tick();
  EXPECT_EQ(logged<event::AnnouncedAgain>().back().node, "b");
  EXPECT_EQ(owner(0), "a");
}

}  // namespace
}  // namespace vippy::core
