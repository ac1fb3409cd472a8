// Node, protocol 2: an address that two members have, and who tells the neighbours what.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/resting_cluster.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

TEST(NodeContestTest, WhoKeepsAnAddressSaysSoSoonAfterTheOtherOneLetGo) {
  Cluster cluster(prefers_a());
  cluster.isolate(0);
  cluster.run(200ms);
  cluster.isolate(0, false);
  while (cluster.holders(kVip) != Holders{0}) cluster.run(1ms);
  cluster.forget(0);
  cluster.run(4ms);
  EXPECT_GE(cluster[0].count<Advertise>(), 1U);
}

// The other one lets go when it hears that we know, and we may stand still then.
TEST(NodeContestTest, WhoKeepsAnAddressTellsTheNeighboursBeforeItSaysThatItKnowsOfTheOther) {
  Cluster cluster(prefers_a());
  cluster.cut(0, 1);
  while (cluster.holders(kVip) != Holders{0, 1}) cluster.run(1ms);
  const auto before = static_cast<std::ptrdiff_t>(cluster.recorded.size());
  cluster.cut(0, 1, false);
  cluster.forget(0);
  while (cluster.holders(kVip) != Holders{0}) cluster.run(1ms);
  const auto is_claim = [](const Message& message) {  // of one that hears a again
    const auto* beat = std::get_if<Beat>(&message.body);
    const bool is_others = message.sender.node == node_id("b");
    return is_others && beat != nullptr && beat->claims.test(0) && beat->view.test(0);
  };
  const auto claim = std::find_if(cluster.recorded.begin() + before, cluster.recorded.end(),
                                  is_claim);
  ASSERT_NE(claim, cluster.recorded.end());
  const auto knows = [&](const Action& action) {
    const auto* send = std::get_if<SendMessage>(&action);
    return send != nullptr &&
           std::get<Beat>(send->message.body).echoes[1].sequence >= claim->sender.sequence;
  };
  const auto speaks = [](const Action& action) {
    return std::holds_alternative<Advertise>(action);
  };
  const auto& actions = cluster[0].actions;
  const auto spoken = std::find_if(actions.begin(), actions.end(), speaks);
  const auto answered = std::find_if(actions.begin(), actions.end(), knows);
  ASSERT_NE(answered, actions.end());
  EXPECT_LT(spoken - actions.begin(), answered - actions.begin());
}

TEST(NodeContestTest, TheWinnerOfAContestAnnouncesAgain) {
  Cluster cluster(prefers_a());
  cluster.isolate(0);
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), (Holders{0, 1}));
  cluster.isolate(0, false);
  cluster.forget(0);
  cluster.run(200ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
  EXPECT_GE(cluster[0].count<Advertise>(), 1U);
}

// Without a majority it lets go, and knows of no owner.
TEST(NodeContestTest, WhoTakesBackWhatItKnewNoOwnerOfSaysWhomItTakesItFrom) {
  auto config = prefers_a({"a", "b", "c"});
  config.quorum = Quorum::majority;
  Cluster cluster(config);
  cluster.isolate(0);
  cluster.run(200ms);
  ASSERT_EQ(cluster[0].logged<event::GroupMoved>().back().to, "_");
  const auto holder = cluster.holders(kVip).at(0);
  cluster.forget(0);
  cluster.isolate(0, false);
  cluster.run(200ms);
  const auto moved = cluster[0].logged<event::GroupMoved>();
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].from, config.shared->nodes[holder]);
  EXPECT_EQ(moved[0].to, "a");
  EXPECT_EQ(moved[0].reason, MoveReason::preferred_returned);
}

// b has taken what was a's, and both have it.
void take_part(Cluster& cluster) {
  cluster[0].step(OrderGiven{OrderKind::drain, ""});
  while (cluster.holders(kVip) != Holders{0, 1}) cluster.run(1ms);
}

TEST(NodeContestTest, WhoTakesBackWhatItHasTellsTheNeighboursBeforeItSaysSo) {
  Cluster cluster(prefers_a());
  take_part(cluster);
  cluster[0].step(OrderGiven{OrderKind::undrain, ""});
  cluster.forget(0);
  cluster[0].tick();
  const auto is_frame = [](const Action& action) {
    return std::holds_alternative<Advertise>(action);
  };
  const auto is_message = [](const Action& action) {
    return std::holds_alternative<SendMessage>(action);
  };
  const auto& actions = cluster[0].actions;
  const auto frame = std::find_if(actions.begin(), actions.end(), is_frame);
  ASSERT_NE(frame, actions.end());
  EXPECT_EQ(std::find_if(actions.begin(), frame, is_message), frame);
}

// An order or a part of a content has a number, too, and says nothing of who has what.
TEST(NodeContestTest, WhatIsSaidBesideAnAnnouncementNeedsNoAnswer) {
  Cluster cluster(prefers_a({"a", "b", "c"}));
  cluster[2].step(OrderGiven{OrderKind::drain, ""});
  cluster.cut(1, 2);
  cluster.run(100ms);
  cluster[1].step(OrderGiven{OrderKind::undrain, "c"});  // it never hears that
  cluster.cut(1, 0);
  const auto before = static_cast<std::ptrdiff_t>(cluster.recorded.size());
  take_part(cluster);
  cluster.run(2ms);
  const auto is_claim = [](const Message& message) {
    const auto* beat = std::get_if<Beat>(&message.body);
    return message.sender.node == node_id("b") && beat != nullptr && beat->claims.test(0);
  };
  const auto claim = std::find_if(cluster.recorded.begin() + before, cluster.recorded.end(),
                                  is_claim);
  ASSERT_NE(claim, cluster.recorded.end());
  const auto order = std::find_if(cluster.recorded.begin() + before, claim,
                                  [&](const Message& message) {
    return message.sender == Sender{claim->sender.node, claim->sender.session,
                                    claim->sender.sequence - 1};
  });
  ASSERT_NE(order, claim);
  ASSERT_TRUE(std::holds_alternative<Order>(order->body));
  cluster[0].step(MessageHeard{*order, *parse_ip("10.0.0.2"), cluster.now, 2});
  cluster[0].step(OrderGiven{OrderKind::undrain, ""});
  cluster.run(8ms);
  EXPECT_EQ(cluster.holders(kVip), (Holders{0, 1}));
  cluster.cut(1, 0, false);
  cluster.run(20ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{0});
}

// The guard of the new owner says that it leaves before the old one has let go: the neighbours may
// have heeded the new one, whose machine has the address for a while yet.
TEST(NodeContestTest, WhoKeepsAnAddressBecauseItsNewOwnerLeftAnnouncesItAgain) {
  Cluster cluster(prefers_a());
  cluster[0].step(OrderGiven{OrderKind::drain, ""});
  cluster.run(50ms);
  cluster[0].step(OrderGiven{OrderKind::undrain, ""});
  const auto will_of_a = [&] { return std::get<Message>(cluster[0].last<KeepWill>().message); };
  for (int ms = 0; ms < 50 && !std::get<Beat>(will_of_a().body).claims.test(0); ++ms) {
    cluster.run(1ms);
  }
  const auto will = will_of_a();
  ASSERT_TRUE(std::get<Beat>(will.body).claims.test(0));
  ASSERT_EQ(cluster.holders(kVip), (Holders{0, 1}));
  cluster.silence(0);
  cluster.forget(1);
  cluster[1].step(MessageHeard{will, *parse_ip("10.0.0.2"), cluster.now});
  cluster.run(5ms);
  EXPECT_EQ(cluster.holders(kVip), Holders{1});
  EXPECT_GE(cluster[1].count<Advertise>(), 1U);
}

// The kernel of the killed one has the address until its guard took it, 3 ms after the first word
// of that, and may answer a neighbour's question that long.
TEST(NodeContestTest, WhoTakesOverFromAKilledOwnerSpeaksOnceMoreWhenItsGuardHasLetGo) {
  Cluster cluster(prefers_a());
  const auto will = std::get<Message>(cluster[0].last<KeepWill>().message);
  cluster.silence(0);
  cluster[1].step(MessageHeard{will, *parse_ip("10.0.0.2"), cluster.now});
  while (cluster.holders(kVip).empty()) cluster.run(1ms);
  cluster.run(3ms);
  cluster.forget(1);
  cluster.run(3ms);
  EXPECT_GE(cluster[1].count<Advertise>(), 1U);
}

}  // namespace
}  // namespace vippy::core
