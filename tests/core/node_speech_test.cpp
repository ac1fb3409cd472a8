#include <gtest/gtest.h>

#include <functional>

#include "tests/core/talking_nodes.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;
using Holders = std::vector<std::size_t>;

const std::string kVip = "10.0.0.9/24";
const std::vector<std::string> kTwo = {"a", "b"};

Config prefers_a() { return talking_config(1, kTwo, {{"a", kVip}}); }

struct Pair : TalkingNodes {
  explicit Pair(const Config& config = prefers_a()) : TalkingNodes(kTwo) {
    start(config);
    run(400ms);
    EXPECT_EQ(holders(kVip), Holders{0});
  }
};

TEST(NodeSpeechTest, RecordedTrafficChangesNothingOnAnyNode) {
  Pair pair;
  const auto recorded = pair.recorded;
  pair.forget(0);
  pair.forget(1);
  const auto before = pair[1].status().counters;
  for (const auto& message : recorded) {
    for (std::size_t to = 0; to < 2; ++to) {
      pair[to].step(MessageHeard{message, *parse_ip("10.0.0.7"), pair[to].now});
    }
  }
  const auto after = pair[1].status().counters;
  EXPECT_EQ(after.announcements_received, before.announcements_received);
  EXPECT_GT(after.ignored_replayed, before.ignored_replayed);
  pair.run(100ms);
  EXPECT_EQ(pair.holders(kVip), Holders{0});
  EXPECT_EQ(pair[0].count<Log>() + pair[1].count<Log>(), 0U);
}

TEST(NodeSpeechTest, RecordedTrafficDoesNotBringADeadPeerBack) {
  Pair pair;
  const auto recorded = pair.recorded;
  pair.silence(0);
  pair.run(100ms);
  ASSERT_EQ(pair.holders(kVip), Holders{1});
  for (const auto& message : recorded) {
    pair[1].step(MessageHeard{message, *parse_ip("10.0.0.7"), pair[1].now});
    pair[1].tick();
  }
  EXPECT_EQ(pair.holders(kVip), Holders{1});
  EXPECT_FALSE(pair[1].status().peers[0].is_active);
}

TEST(NodeSpeechTest, ARestartedNodeIsNotDeceivedByWhatItsEarlierRunHeard) {
  Pair pair;
  const auto recorded = pair.recorded;
  SteppedNode again("b", true, 99);
  again.now = pair.now;
  again.start(prefers_a());
  for (const auto& message : recorded) {
    again.step(MessageHeard{message, *parse_ip("10.0.0.7"), again.now});
    again.tick();
  }
  EXPECT_FALSE(again.status().peers[0].is_active);
  EXPECT_EQ(again.logged<event::PeerActive>().size(), 0U);
  EXPECT_EQ(again.logged<event::IdentityTaken>().size(), 0U);
}

TEST(NodeSpeechTest, AHigherVersionIsFetchedAndAdopted) {
  Pair pair;
  auto config = talking_config(2, kTwo, {{"a", kVip}, {"b", "10.0.0.10/24"}});
  pair.watch(kVip);
  pair[1].step(ConfigLoaded{config});
  pair.run(100ms);
  EXPECT_EQ(pair[0].status().shared->version, 2U);
  EXPECT_EQ(pair.holders("10.0.0.10/24"), Holders{1});
  // What did not change did not move and did not blink.
  EXPECT_EQ(pair.fewest, 1U);
  EXPECT_EQ(pair.most, 1U);
}

TEST(NodeSpeechTest, ANodeThatIsNewInANewerVersionBringsItAlong) {
  Pair pair;
  pair.add("c");
  pair[2].start(talking_config(2, {"a", "b", "c"}, {{"c", kVip}}));
  pair.run(400ms);
  EXPECT_EQ(pair[0].status().shared->version, 2U);
  EXPECT_EQ(pair.holders(kVip), Holders{2});
}

TEST(NodeSpeechTest, ANodeWithAnOldFileAdoptsWhatTheClusterRuns) {
  auto config = talking_config(5, {"a", "b", "c"}, {{"a", kVip}});
  TalkingNodes cluster({"a", "b", "c"});
  cluster[0].start(config);
  cluster[1].start(config);
  cluster.silence(2);
  cluster.run(400ms);
  cluster.wake(2);
  cluster[2].now = cluster.now;
  cluster[2].start(talking_config(4, {"a", "b", "c"}, {{"c", "10.0.0.77/24"}}));
  cluster.run(400ms);
  EXPECT_EQ(cluster[2].status().shared->version, 5U);
  EXPECT_TRUE(cluster.holders("10.0.0.77/24").empty());
}

TEST(NodeSpeechTest, TheSameVersionWithOtherContentsIsAlarmedAndTakesNothing) {
  auto config = talking_config(1, kTwo, {{"a", kVip}});
  auto other = talking_config(1, kTwo, {{"b", kVip}});
  TalkingNodes pair(kTwo);
  pair[0].start(config);
  pair.silence(1);
  pair.run(400ms);
  ASSERT_EQ(pair.holders(kVip), Holders{0});
  pair.watch(kVip);
  pair.wake(1);
  pair[1].now = pair.now;
  pair[1].start(other);
  pair.run(2s);
  EXPECT_EQ(pair.holders(kVip), Holders{0});
  EXPECT_EQ(pair.fewest, 1U);
  EXPECT_EQ(pair.most, 1U);
  EXPECT_EQ(pair[0].logged<event::PeerDiffers>().size(), 1U);
  EXPECT_EQ(pair[1].logged<event::PeerDiffers>().size(), 1U);
}

TEST(NodeSpeechTest, TwoServingHalvesWithDifferentContentsEndWithOneHolder) {
  auto config = talking_config(1, kTwo, {{"a", kVip}});
  auto other = talking_config(1, kTwo, {{"b", kVip}});
  TalkingNodes pair(kTwo);
  pair.isolate(0);
  pair[0].start(config);
  pair[1].start(other);
  pair.run(400ms);
  ASSERT_EQ(pair.holders(kVip), (Holders{0, 1}));
  pair.isolate(0, false);
  pair.run(500ms);
  EXPECT_EQ(pair.holders(kVip), Holders{0});
}

TEST(NodeSpeechTest, AConfigurationThatCannotBeAdoptedIsFetchedOnceAndHoldsNobodyBack) {
  TalkingNodes pair(kTwo);
  pair[0].start(prefers_a());
  pair[1].start(talking_config(2, kTwo, {{"a,b", kVip}}));  // no name that could be told apart
  pair.run(2s);
  const auto requests = std::count_if(
      pair.recorded.begin(), pair.recorded.end(), [](const Message& message) {
        const auto* request = std::get_if<ContentRequest>(&message.body);
        return request != nullptr && message.sender.node == node_id("a");
      });
  EXPECT_GE(requests, 1);
  EXPECT_LE(requests, 3);
  EXPECT_EQ(pair[0].logged<event::ConfigNotAdopted>().size(), 1U);
  EXPECT_EQ(pair[0].logged<event::SelfActive>().size(), 1U);
  EXPECT_EQ(pair[0].status().shared->version, 1U);
}

TEST(NodeSpeechTest, NeighbourTablesTravelOnceAndOnlyWhenTheyDiffer) {
  Pair pair;
  pair[0].step(TableBegin{KernelTable::neighbours});
  for (std::uint8_t i = 1; i <= 200; ++i) {
    pair[0].step(NeighbourSeen{2, Ipv4{{10, 0, 0, i}}, Mac{{2, 9, 0, 0, 0, i}}});
  }
  pair[0].step(TableComplete{KernelTable::neighbours});
  pair.run(200ms);
  EXPECT_EQ(pair[1].status().neighbours, 200U);
  const auto fragments = [&] {
    return std::count_if(pair.recorded.begin(), pair.recorded.end(), [](const auto& message) {
      return std::holds_alternative<Fragment>(message.body);
    });
  };
  const auto sent = fragments();
  EXPECT_EQ(sent, 2);
  pair.run(500ms);
  EXPECT_EQ(fragments(), sent);
}

TEST(NodeSpeechTest, AnotherHostUnderOurNameIsAlarmed) {
  Pair pair;
  SteppedNode twin("a", true, 1234);
  twin.now = pair.now;
  twin.start(prefers_a());
  for (int i = 0; i < 20; ++i) {
    pair.run(1ms);
    // The twin hears b, and a hears the twin.
    twin.now = pair.now;
    const auto& said = pair.recorded.back();
    if (said.sender.node == node_id("b")) twin.step(MessageHeard{said, {}, twin.now});
    twin.tick();
    if (twin.count<SendMessage>() == 0) continue;
    pair[0].step(MessageHeard{twin.last<SendMessage>().message, *parse_ip("10.0.0.7"), pair.now});
  }
  EXPECT_EQ(pair[0].logged<event::IdentityTaken>().size(), 1U);
}

// What the other node of the pair says next, without letting anybody hear it.
Message next_words(Pair& pair) {
  pair[1].forget();
  for (int i = 0; i < 100 && pair[1].count<SendMessage>() == 0; ++i) {
    pair[1].now += 1ms;
    pair[1].tick();
  }
  pair[0].now = pair[1].now;
  return pair[1].last<SendMessage>().message;
}

TEST(NodeSpeechTest, APeerThatSaysWhatItSaidBeforeIsNoReasonToJudge) {
  Pair pair;
  pair.run(50ms);
  const auto words = next_words(pair);
  pair[0].tick();
  ASSERT_FALSE(pair[0].node.is_due(pair[0].now));
  const auto before = pair[0].node.next_deadline();
  pair[0].step(MessageHeard{words, *parse_ip("10.0.0.2"), pair[0].now});
  EXPECT_FALSE(pair[0].node.is_due(pair[0].now));
  EXPECT_GE(pair[0].node.next_deadline(), before);
  EXPECT_TRUE(pair[0].node.is_due(pair[0].node.next_deadline()));
}

TEST(NodeSpeechTest, APeerThatSaysAnythingElseIsAReasonToJudge) {
  const std::vector<std::function<void(Beat&)>> news = {
      [](Beat& beat) { beat.is_active = false; },
      [](Beat& beat) { beat.is_leaving = true; },
      [](Beat& beat) { beat.is_settled = !beat.is_settled; },
      [](Beat& beat) { beat.claims.set(0, !beat.claims.test(0)); },
      [](Beat& beat) { beat.view.set(0, false); },
      [](Beat& beat) { beat.refusals = BitSet(beat.claims.size()); beat.refusals.set(0); },
      [](Beat& beat) { beat.digest ^= 1; },
      [](Beat& beat) { ++beat.version; beat.digest ^= 1; },
      [](Beat& beat) { for (auto& echo : beat.echoes) echo = {}; }};
  for (std::size_t i = 0; i < news.size(); ++i) {
    Pair pair;
    pair.run(50ms);
    auto words = next_words(pair);
    news[i](std::get<Beat>(words.body));
    pair[0].tick();
    ASSERT_FALSE(pair[0].node.is_due(pair[0].now));
    pair[0].step(MessageHeard{words, *parse_ip("10.0.0.2"), pair[0].now});
    EXPECT_TRUE(pair[0].node.is_due(pair[0].now)) << "change " << i;
  }
}

// Three hosts, the third by mistake under the name of the first.
struct Namesakes : TalkingNodes {
  Namesakes() : TalkingNodes({"a", "b", "a"}) {
    speaks_from(0, {"10.0.0.2"});
    speaks_from(1, {"10.0.0.3"});
    speaks_from(2, {"10.0.0.7"});
    silence(2);
    (*this)[0].start(prefers_a());
    (*this)[1].start(prefers_a());
    run(400ms);
    EXPECT_EQ(holders(kVip), Holders{0});
  }
  void start_the_third() {
    wake(2);
    (*this)[2].now = now;
    (*this)[2].start(prefers_a());
  }
};

TEST(NodeSpeechTest, TheEstablishedOfTwoHostsOfOneNameKeepsItsPlace) {
  Namesakes three;
  three.forget(1);
  three.start_the_third();
  three.run(1s);
  EXPECT_EQ(three.holders(kVip), Holders{0});
  EXPECT_EQ(three[1].count<AddAddress>(), 0U);
  const auto said = three[1].logged<event::NameShared>();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].node, "a");
  EXPECT_EQ(said[0].heard, "10.0.0.2");
  EXPECT_EQ(said[0].refused, "10.0.0.7");
  const auto status = three[1].status();
  EXPECT_GT(status.counters.ignored_namesake, 50U);
  ASSERT_EQ(status.troubles.size(), 1U);
  EXPECT_EQ(status.troubles[0].text,
            "node a is announced by 10.0.0.2, which is heard, and by 10.0.0.7, which is not: give "
            "each host its own name");
}

TEST(NodeSpeechTest, BothHostsOfOneNameAlarmAndTheNewcomerStaysOut) {
  Namesakes three;
  three.start_the_third();
  three.run(1s);
  ASSERT_EQ(three[0].logged<event::IdentityTaken>().size(), 1U);
  EXPECT_EQ(three[0].logged<event::IdentityTaken>()[0].source, "10.0.0.7");
  ASSERT_EQ(three[2].logged<event::IdentityTaken>().size(), 1U);
  EXPECT_EQ(three[2].logged<event::IdentityTaken>()[0].source, "10.0.0.2");
  EXPECT_TRUE(three[0].status().is_active);
  EXPECT_EQ(three[2].status().inactive_reason, "another host announces under this node's name");
}

TEST(NodeSpeechTest, OfTwoHostsOfOneNameThatStartTogetherOneServes) {
  TalkingNodes pair({"a", "a"});
  pair.speaks_from(1, {"10.0.0.7"});
  pair.start(prefers_a());
  pair.run(400ms);
  EXPECT_EQ(pair.holders(kVip).size(), 1U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(pair[i].logged<event::IdentityTaken>().size(), 1U);
    const auto status = pair[i].status();
    EXPECT_EQ(status.troubles.size(), status.is_active ? 2U : 1U) << "it hears no other node";
  }
}

TEST(NodeSpeechTest, WhoeverComesFromElsewhereUnderANameIsHeardWhenTheFirstIsSilent) {
  Namesakes three;
  three.silence(0);
  three.start_the_third();  // the node after a restart, with another address
  three.run(35ms);
  EXPECT_EQ(three.holders(kVip), Holders{1});
  three.run(200ms);
  EXPECT_EQ(three.holders(kVip), Holders{2});
  EXPECT_TRUE(three[1].status().peers[0].hears_us);
}

TEST(NodeSpeechTest, ARestartFromTheSameAddressIsHeardAtOnce) {
  Namesakes three;
  three.silence(0);
  three.speaks_from(2, {"10.0.0.2"});
  three.start_the_third();
  three.run(20ms);
  EXPECT_FALSE(three[1].status().peers[0].is_active);
  EXPECT_TRUE(three[1].logged<event::NameShared>().empty());
  EXPECT_TRUE(three[1].logged<event::PeerSilent>().empty());
}

TEST(NodeSpeechTest, TheWillSaysThatWeLeaveAndIsNewerThanEverythingElse) {
  Pair pair;
  const auto will = std::get<Message>(pair[0].last<KeepWill>().message);
  const auto& beat = std::get<Beat>(will.body);
  EXPECT_TRUE(beat.is_leaving);
  EXPECT_FALSE(beat.is_active);
  EXPECT_EQ(will.sender.sequence, pair[0].last<SendMessage>().message.sender.sequence + 1);
  pair.silence(0);
  pair[1].step(MessageHeard{will, {}, pair.now});
  pair.run(1ms);
  EXPECT_EQ(pair.holders(kVip), Holders{1});
}

TEST(NodeSpeechTest, TheWillStaysTheNewestWhenContentsFollow) {
  Pair pair;
  pair[0].step(TableBegin{KernelTable::neighbours});
  pair[0].step(NeighbourSeen{2, Ipv4{{10, 0, 0, 7}}, Mac{{2, 9, 0, 0, 0, 7}}});
  pair[0].step(TableComplete{KernelTable::neighbours});
  for (int i = 0; i < 50; ++i) {
    pair.run(1ms);
    for (std::size_t node = 0; node < 2; ++node) {
      const auto will = std::get<Message>(pair[node].last<KeepWill>().message);
      EXPECT_EQ(will.sender.sequence,
                pair[node].last<SendMessage>().message.sender.sequence + 1);
    }
  }
  EXPECT_EQ(pair[1].status().neighbours, 1U);
}

// A daemon may die between any two of its actions.
TEST(NodeSpeechTest, TheGuardHasTheWillBeforeAnythingIsSaid) {
  Pair pair;
  std::uint64_t kept = 0;
  std::size_t said = 0;
  for (int i = 0; i < 50; ++i) {
    pair.forget(0);
    pair.run(1ms);
    for (const auto& action : pair[0].actions) {
      if (const auto* will = std::get_if<KeepWill>(&action)) {
        kept = std::get<Message>(will->message).sender.sequence;
      }
      const auto* sent = std::get_if<SendMessage>(&action);
      if (sent == nullptr) continue;
      ++said;
      EXPECT_GT(kept, sent->message.sender.sequence);
    }
  }
  EXPECT_GT(said, 2U);
}

TEST(NodeSpeechTest, WhatAFencedNodeSaysFirstIsNewerThanItsWill) {
  Pair pair;
  const auto will = std::get<Message>(pair[0].last<KeepWill>().message);
  pair[0].step(Fenced{});
  pair.forget(0);
  for (int i = 0; i < 100 && pair[0].count<SendMessage>() == 0; ++i) {
    pair.run(1ms);
  }
  EXPECT_GT(pair[0].last<SendMessage>().message.sender.sequence, will.sender.sequence);
}

TEST(NodeSpeechTest, NodesOfBothProtocolsFormOneCluster) {
  auto old = prefers_a();
  old.protocol = Protocol::v1;
  auto both = prefers_a();
  both.protocol = Protocol::both;
  SteppedNode plain("a");
  SteppedNode spoken("b", true, 8);
  const auto both_hear = [&](SteppedNode& from, SteppedNode& to) {
    if (from.count<SendAnnouncement>() == 0) return;
    to.now = from.now;
    to.step(AnnouncementHeard{from.last<SendAnnouncement>().announcement, {}, from.now});
  };
  plain.start(old);
  spoken.start(both);
  for (int i = 0; i < 500; ++i) {
    plain.run(1ms);
    spoken.run(1ms);
    both_hear(plain, spoken);
    both_hear(spoken, plain);
    plain.tick();
    spoken.tick();
    plain.comply();
    spoken.comply();
  }
  EXPECT_EQ(plain.owner(), "a");
  EXPECT_EQ(spoken.owner(), "a");
  EXPECT_TRUE(plain.kernel.contains(*parse_prefix(kVip)));
  EXPECT_FALSE(spoken.kernel.contains(*parse_prefix(kVip)));
}

TEST(NodeSpeechTest, ProtocolOneIsNotListenedToUnlessItIsWanted) {
  Pair pair;
  auto old = prefers_a();
  pair[1].hear("a", old, false);
  pair[1].tick();
  EXPECT_EQ(pair[1].status().counters.ignored_protocol, 1U);
  EXPECT_TRUE(pair[1].status().peers[0].is_active);
  EXPECT_EQ(pair[1].logged<event::PeerPlain>().size(), 1U);
}

TEST(NodeSpeechTest, MessagesThatAreRefusedAreCounted) {
  Pair pair;
  pair[0].step(MessageRefused{Wire2Error::forged, *parse_ip("10.0.0.7")});
  pair[0].step(MessageRefused{Wire2Error::truncated, *parse_ip("10.0.0.7")});
  const auto counters = pair[0].status().counters;
  EXPECT_EQ(counters.ignored_forged, 1U);
  EXPECT_EQ(counters.ignored_malformed, 1U);
  EXPECT_EQ(pair[0].logged<event::Unbelieved>().size(), 1U);
}

}  // namespace
}  // namespace vippy::core
