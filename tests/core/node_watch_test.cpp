#include <gtest/gtest.h>

#include "tests/core/talking_nodes.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const std::string kVip = "10.0.0.9/24";
constexpr Mac kStranger{{2, 0, 0, 0, 0, 0x66}};
constexpr Mac kPeer{{2, 0, 0, 0, 0, 2}};

Config prefers_a() { return talking_config(1, {"a", "b"}, {{"a", kVip}}); }

// Two nodes at rest, `a` holds the address.
struct Pair : TalkingNodes {
  explicit Pair(const Config& config = prefers_a(),
                const std::vector<std::string>& paths_of_b = {"10.0.0.2"})
      : TalkingNodes(config.shared->nodes) {
    speaks_from(1, paths_of_b);
    start(config);
    run(400ms);
    claim(0, kPeer, "10.0.0.2");  // from where they announce
    claim(1, Mac{{2, 0, 0, 0, 0, 1}}, "10.0.0.1");
    forget(0);
    forget(1);
  }
  void claim(std::size_t node, const Mac& mac, const std::string& address = "10.0.0.9") {
    NeighbourSpoke spoke{2, *parse_ip(address), mac};
    spoke.received = now;
    (*this)[node].now = now;
    (*this)[node].step(spoke);
  }
  std::size_t alarms(std::size_t node) {
    return (*this)[node].logged<event::Conflict>().size();
  }
  std::size_t defences(std::size_t node) {
    std::size_t count = 0;
    for (const auto& action : (*this)[node].actions) {
      const auto* told = std::get_if<Advertise>(&action);
      count += told != nullptr && told->form == AdvertiseForm::everyone ? 1 : 0;
    }
    return count;
  }
};

TEST(NodeWatchTest, AStrangerIsNamedAndSpokenAgainstAtOnce) {
  Pair pair;
  pair.claim(0, kStranger);
  const auto said = pair[0].logged<event::Conflict>();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].vip, "10.0.0.9");
  EXPECT_EQ(said[0].mac, "02:00:00:00:00:66");
  EXPECT_EQ(said[0].interface, "eth0");
  ASSERT_EQ(pair.defences(0), 1U);
  EXPECT_EQ(pair[0].last<Advertise>().form, AdvertiseForm::everyone);
  const auto status = pair[0].status();
  EXPECT_EQ(status.counters.conflicts, 1U);
  ASSERT_EQ(status.troubles.size(), 1U);
  EXPECT_EQ(status.troubles[0].vip, "10.0.0.9");
  EXPECT_EQ(status.troubles[0].text,
            "claimed by 02:00:00:00:00:66 too, which is no node that is heard here");
}

TEST(NodeWatchTest, HoweverOftenAStrangerSpeaksOneAnswerASecondAndTheAddressStays) {
  Pair pair;
  for (int i = 0; i < 3000; ++i) {
    pair.claim(0, kStranger);
    pair.run(1ms);
  }
  EXPECT_EQ(pair.alarms(0), 1U);
  EXPECT_GE(pair.defences(0), 3U);
  EXPECT_LE(pair.defences(0), 6U);  // the rounds of the start are among them
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{0});
  EXPECT_EQ(pair[0].status().counters.conflicts, 3000U);
}

TEST(NodeWatchTest, ARecordingMakesNoNodeOfWhoeverSendsIt) {
  Pair pair;
  const auto host = *parse_ip("10.0.0.66");
  for (const auto& message : pair.recorded) {
    if (message.sender.node != node_id("b")) continue;
    pair[0].step(MessageHeard{message, host, pair.now});
  }
  pair.claim(0, kStranger, "10.0.0.66");
  pair.claim(0, kStranger);
  EXPECT_EQ(pair.alarms(0), 1U);
}

TEST(NodeWatchTest, ARecordingOnAnotherPathMakesNoNodeOfWhoeverSendsIt) {
  Pair pair;
  pair.silence(1);
  pair.run(12ms);
  for (const auto& message : pair.recorded) {
    if (message.sender.node != node_id("b")) continue;
    pair[0].step(MessageHeard{message, *parse_ip("10.0.0.66"), pair.now, 3});
  }
  pair.claim(0, kStranger, "10.0.0.66");
  pair.claim(0, kStranger);
  EXPECT_EQ(pair.alarms(0), 1U);
}

TEST(NodeWatchTest, WhatIsNotOursIsNotJudged) {
  Pair pair;
  pair.claim(1, kStranger);  // b does not have it
  pair.claim(0, kStranger, "10.0.0.77");
  pair.claim(0, Mac{{2, 0, 0, 0, 0, 1}});  // our own
  EXPECT_EQ(pair.alarms(0) + pair.alarms(1), 0U);
  EXPECT_EQ(pair.defences(0) + pair.defences(1), 0U);
}

TEST(NodeWatchTest, APlannedHandOverIsNoConflict) {
  Pair pair;
  pair[0].step(OrderGiven{OrderKind::drain, ""});
  pair.pass();
  for (int i = 0; i < 60; ++i) {
    pair.claim(0, Mac{{2, 0, 0, 0, 1, 2}});
    pair.claim(1, Mac{{2, 0, 0, 0, 1, 1}});
    pair.run(1ms);
    if (pair.holders(kVip) == std::vector<std::size_t>{1}) break;
  }
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{1});
  EXPECT_EQ(pair.alarms(0) + pair.alarms(1), 0U);
}

TEST(NodeWatchTest, TheLastFramesOfALostOwnerAreNoConflict) {
  Pair pair;
  pair.silence(0);
  for (int i = 0; i < 100; ++i) {
    pair.claim(1, Mac{{2, 0, 0, 0, 1, 1}});
    pair.run(1ms);
  }
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{1});
  EXPECT_EQ(pair.alarms(1), 0U);
  // Its lease is over long since.
  pair.run(3s);
  pair.claim(1, Mac{{2, 0, 0, 0, 1, 1}});
  pair.run(30ms);
  EXPECT_EQ(pair.alarms(1), 1U);
}

TEST(NodeWatchTest, ANodeWhoseFrameComesBeforeItsFirstAnnouncementIsNoStranger) {
  Pair pair;
  pair.isolate(0);
  pair.run(3s);
  ASSERT_EQ(pair.holders(kVip), (std::vector<std::size_t>{0, 1}));
  pair.isolate(0, false);
  pair.claim(0, Mac{{2, 0, 0, 0, 1, 2}});
  pair.claim(1, Mac{{2, 0, 0, 0, 1, 1}});
  pair.run(200ms);
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{0});
  EXPECT_EQ(pair.alarms(0) + pair.alarms(1), 0U);
}

TEST(NodeWatchTest, ANodeWhoseMacIsNotKnownYetIsNoStranger) {
  TalkingNodes pair({"a", "b"});
  pair.start(prefers_a());
  pair.run(400ms);
  NeighbourSpoke spoke{2, *parse_ip("10.0.0.9"), kPeer};
  spoke.received = pair.now;
  pair[0].now = pair.now;
  pair[0].step(spoke);
  EXPECT_TRUE(pair[0].logged<event::Conflict>().empty());
  pair[0].step(NeighbourSpoke{2, *parse_ip("10.0.0.2"), kPeer});  // the answer to our question
  pair.run(100ms);
  EXPECT_TRUE(pair[0].logged<event::Conflict>().empty());
}

TEST(NodeWatchTest, AStrangerIsSpokenAgainstAtOnceAndNamedSoonWhileANodeIsAway) {
  Pair pair;
  pair.silence(1);
  pair.run(3s);
  pair.forget(0);
  pair.claim(0, kStranger);
  EXPECT_EQ(pair.defences(0), 1U);
  EXPECT_EQ(pair.alarms(0), 0U);
  pair.run(30ms);
  EXPECT_EQ(pair.alarms(0), 1U);
  pair.claim(0, kStranger);
  pair.run(30ms);
  EXPECT_EQ(pair.alarms(0), 1U);
}

TEST(NodeWatchTest, ANodeIsKnownByItsMacInASplit) {
  Pair pair;
  pair.claim(0, kPeer, "10.0.0.2");  // from where b announces
  pair.isolate(0);
  pair.run(3s);
  pair.claim(0, kPeer);
  EXPECT_EQ(pair.alarms(0), 0U);
  EXPECT_EQ(pair[0].status().counters.conflicts, 0U);
}

TEST(NodeWatchTest, ANodeIsKnownByTheMacOfEachOfItsPaths) {
  Pair pair(prefers_a(), {"10.0.0.2", "10.0.0.3"});
  const Mac second{{2, 0, 0, 0, 0, 3}};
  pair.claim(0, second, "10.0.0.3");
  pair.claim(0, second);
  EXPECT_EQ(pair.alarms(0), 0U);
  EXPECT_EQ(pair[0].status().counters.conflicts, 0U);
}

TEST(NodeWatchTest, TheMacOfAnotherNodeIsAskedFor) {
  TalkingNodes pair({"a", "b"});
  pair.start(prefers_a());
  pair.run(400ms);
  std::size_t asked = 0;
  for (const auto& action : pair[0].actions) {
    const auto* question = std::get_if<Advertise>(&action);
    if (question != nullptr && format(question->host) == "10.0.0.2") ++asked;
  }
  EXPECT_GE(asked, 2U);  // again and again, since nobody answers
}

TEST(NodeWatchTest, ListensWhereItsAddressesAreAndFollowsLinksAndTheConfiguration) {
  Pair pair;
  auto& node = pair[0];
  node.link(true, "eth1", 3);
  pair.run(5ms);
  EXPECT_EQ(node.count<Listen>(), 0U);
  auto config = talking_config(2, {"a", "b"}, {{"a", kVip}, {"a", "10.1.0.9/24"}});
  auto shared = std::make_shared<Shared>(*config.shared);
  shared->groups[1].vips[0].interface = "eth1";
  config.shared = shared;
  node.step(ConfigLoaded{config});
  pair.run(5ms);
  EXPECT_EQ(node.last<Listen>().index, 3U);
  EXPECT_TRUE(node.last<Listen>().on);
  // The link goes, and the system ends it; it comes back, and is listened on again.
  node.step(LinkSeen{3, "eth1", {}, false, false, true, false});
  pair.run(5ms);
  EXPECT_EQ(node.count<Listen>(), 1U);
  node.link(true, "eth1", 3);
  pair.run(5ms);
  EXPECT_EQ(node.count<Listen>(), 2U);
  shared = std::make_shared<Shared>(*talking_config(3, {"a", "b"}, {{"a", kVip}}).shared);
  config.shared = shared;
  node.step(ConfigLoaded{config});
  pair.run(5ms);
  EXPECT_EQ(node.last<Listen>().index, 3U);
  EXPECT_FALSE(node.last<Listen>().on);
}

TEST(NodeWatchTest, ATakeOverIsReportedWhenTheNeighboursHaveAnsweredOrNot) {
  TalkingNodes pair({"a", "b"});
  const Mac host{{2, 0, 0, 0, 0, 7}};
  pair.start(prefers_a());
  for (const char* address : {"10.0.0.7", "10.0.0.8", "10.0.0.9"}) {
    pair[0].step(NeighbourSeen{2, *parse_ip(address), host, true});
  }
  while (pair.holders(kVip).empty()) pair.run(1ms);
  pair.pass();
  std::size_t asked = 0;
  for (const auto& action : pair[0].actions) {
    const auto* question = std::get_if<Advertise>(&action);
    asked += question != nullptr && question->form == AdvertiseForm::ask ? 1 : 0;
  }
  EXPECT_EQ(asked, 2U);
  EXPECT_EQ(pair[0].status().groups[0].asked, 2U);
  EXPECT_FALSE(pair[0].status().groups[0].converged_in);
  pair.run(1ms);
  pair[0].step(
      NeighbourSpoke{2, *parse_ip("10.0.0.7"), host, true, *parse_ip("10.0.0.9"), pair.now});
  pair.run(3s);
  const auto said = pair[0].logged<event::Converged>();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].vip, "10.0.0.9");
  EXPECT_EQ(said[0].asked, 2U);
  EXPECT_EQ(said[0].answered, 1U);
  EXPECT_EQ(said[0].silent, "10.0.0.8");
  const auto group = pair[0].status().groups[0];
  EXPECT_EQ(group.answered, 1U);
  EXPECT_EQ(group.converged_in, said[0].took);
  EXPECT_EQ(group.silent, std::vector<IpAddress>{*parse_ip("10.0.0.8")});
}

// Answers the questions that node `i` asks the gateway since it was last called.
struct Gateway {
  void answer(Pair& pair, std::size_t i) {
    auto& node = pair[i];
    const auto count = node.actions.size();
    for (; seen[i] < count; ++seen[i]) {
      const auto* question = std::get_if<Advertise>(&node.actions[seen[i]]);
      if (question == nullptr || question->host != address) continue;
      const auto asked_by = question->vip;
      node.now = pair.now;
      node.step(NeighbourSpoke{2, address, mac, true, asked_by, pair.now});
    }
  }
  IpAddress address = *parse_ip("10.0.0.254");
  Mac mac{{2, 0, 0, 0, 0, 0xfe}};
  std::array<std::size_t, 2> seen{};
};

Config with_witness() {
  auto config = prefers_a();
  config.witness = {*parse_ip("10.0.0.254")};
  return config;
}

// Runs with a gateway that only `who` reaches.
void run_with(Pair& pair, Gateway& gateway, Duration duration, std::vector<std::size_t> who) {
  for (Duration passed{}; passed < duration; passed += 1ms) {
    for (const auto node : who) gateway.answer(pair, node);
    pair.run(1ms);
  }
}

TEST(NodeWatchTest, TheNodeThatNoWitnessAnswersLetsGoAndTheOtherTakesOver) {
  auto config = with_witness();
  config.isolation = Isolation::release;
  Pair pair(config);
  Gateway gateway;
  run_with(pair, gateway, 1500ms, {0, 1});
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{0});
  EXPECT_TRUE(pair[0].status().witnesses.at(0).answers);
  pair.isolate(0);
  run_with(pair, gateway, 80ms, {1});  // 2 x stale and a little
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{1});
  EXPECT_EQ(pair[0].status().inactive_reason, "hears no other node, and no witness answers");
  run_with(pair, gateway, 4s, {1});
  const auto troubles = pair[0].status().troubles;
  ASSERT_EQ(troubles.size(), 2U);
  EXPECT_EQ(troubles[0].text.rfind("no witness answers", 0), 0U);
  EXPECT_EQ(troubles[1].text, "node b: lost: fell silent for longer than stale");
  pair.isolate(0, false);
  run_with(pair, gateway, 500ms, {0, 1});
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{0});
}

TEST(NodeWatchTest, WithAMajorityTheWitnessIsTheVoteThatDecides) {
  auto config = with_witness();
  config.quorum = Quorum::majority;
  Pair pair(config);
  Gateway gateway;
  run_with(pair, gateway, 1500ms, {0, 1});
  pair.silence(0);
  run_with(pair, gateway, 50ms, {1});
  EXPECT_EQ(pair.holders(kVip), std::vector<std::size_t>{1});
  run_with(pair, gateway, 100ms, {});
  EXPECT_TRUE(pair.holders(kVip).empty());
}

TEST(NodeWatchTest, AWitnessIsNotAskedWhenNothingDependsOnIt) {
  Pair pair(with_witness());
  pair.run(3s);
  EXPECT_TRUE(pair[0].status().witnesses.empty());
}

}  // namespace
}  // namespace vippy::core
