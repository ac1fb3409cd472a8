#include <algorithm>

#include "tests/core/talking_nodes.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Config kPair = small_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}, {"b", "10.0.0.8/24"}});

class NodeStatusTest : public NodeTestBase {};

TEST_F(NodeStatusTest, BeforeTheStartThereIsNothingToShowAndNothingBreaks) {
  EXPECT_EQ(status().identity, "a");
  EXPECT_TRUE(status().peers.empty());
  EXPECT_FALSE(status().is_active);
}

TEST_F(NodeStatusTest, ShowsWhoWasHeardAndWhen) {
  start(kPair);
  hear("b", kPair);
  now += 120ms;
  const auto peers = status().peers;
  ASSERT_EQ(peers.size(), 2U);
  EXPECT_TRUE(peers[0].is_self);
  EXPECT_FALSE(peers[0].was_heard);
  EXPECT_FALSE(peers[0].is_active);
  EXPECT_TRUE(peers[1].is_active);
  EXPECT_TRUE(peers[1].was_heard);
  EXPECT_EQ(peers[1].heard_ago, 120ms);
}

TEST_F(NodeStatusTest, ShowsWhatIsHereAndSinceWhenAndWhy) {
  start(kPair);
  run_with("b", kPair, 950ms);
  run(50ms);
  EXPECT_EQ(status().groups[0].holding, Holding::complete);
  EXPECT_EQ(status().groups[1].holding, Holding::none);
  EXPECT_EQ(status().groups[0].reason, MoveReason::preferred_returned);
  now += 42ms;
  EXPECT_EQ(status().groups[0].since, 42ms);
}

TEST_F(NodeStatusTest, AGroupWithOneOfItsAddressesIsHeldPartially) {
  auto config = small_config(1, {"a"}, {{"", "10.0.0.9/24"}});
  auto shared = *config.shared;
  shared.groups[0].vips.push_back(test::vip("10.0.0.91/24"));
  config.shared = std::make_shared<Shared>(shared);
  start(config);
  run(1s - 1ns);
  now += 1ns;
  tick();
  ASSERT_EQ(count<AddAddress>(), 2U);
  answer(last<AddAddress>().id, FailureKind::not_permitted);
  answer(last<AddAddress>().id - 1);
  EXPECT_EQ(status().groups[0].holding, Holding::partial);
  ASSERT_EQ(status().troubles.size(), 1U);
  EXPECT_EQ(status().troubles[0].vip, "10.0.0.91");
  EXPECT_EQ(status().troubles[0].text, "not permitted: vippyd needs CAP_NET_ADMIN");
  EXPECT_EQ(status().counters.requests_failed, 1U);
}

TEST_F(NodeStatusTest, ShowsAddressesThatSomebodyElseSetAndInterfacesThatAreMissing) {
  start(kPair);
  address("10.0.0.9/24", false);
  ASSERT_EQ(status().troubles.size(), 1U);
  EXPECT_EQ(status().troubles[0].text,
            "was there and not set by vippyd: it will never be removed");
  link(false);
  ASSERT_EQ(status().troubles.size(), 3U);
  EXPECT_EQ(status().troubles[0].text, "is not there: the interface is missing or down");
  EXPECT_EQ(status().troubles[2].text.rfind("chat_interface (all) is missing", 0), 0U);
}

TEST_F(NodeStatusTest, ANodeThatGaveAnAddressUpHasNoTroubleWithItAnyMore) {
  start(kPair);
  run(1s - 1ns);
  now += 1ns;
  tick();
  answer(last<AddAddress>().id, FailureKind::not_permitted);
  ASSERT_FALSE(status().troubles.empty());
  hear("b", kPair);
  step(HealthReported{"disk", false});
  tick();
  for (const auto& trouble : status().troubles) EXPECT_NE(trouble.vip, "10.0.0.8") << trouble.text;
}

TEST_F(NodeStatusTest, EveryInactiveReasonIsSaidInItsOrderOfPrecedence) {
  start(kPair);
  EXPECT_EQ(status().inactive_reason, "maturing");
  run(1100ms);
  EXPECT_EQ(status().inactive_reason, std::nullopt);
  step(HealthReported{"disk", false});
  tick();
  EXPECT_EQ(status().inactive_reason, "disk");
  step(StopRequested{});
  EXPECT_EQ(status().inactive_reason, "stopping");
}

TEST_F(NodeStatusTest, CountsMovesOnceForEachDecision) {
  start(kPair);
  run(1100ms);
  EXPECT_EQ(status().counters.state_changes, 1U);
  hear("b", kPair);
  tick();
  EXPECT_EQ(status().counters.state_changes, 2U);
  tick();
  EXPECT_EQ(status().counters.state_changes, 2U);
}

TEST_F(NodeStatusTest, ATroubleSaysSinceWhenAndGoesWithItsCause) {
  start(kPair);
  address("10.0.0.9/24", false);
  now += 3s;
  ASSERT_EQ(status().troubles.size(), 1U);
  EXPECT_EQ(status().troubles[0].since, 3s);
  EXPECT_EQ(status().troubles[0].last, std::nullopt);
  link(false);
  now += 2s;
  link(false);
  now += 5s;
  EXPECT_EQ(status().troubles[0].text, "is not there: the interface is missing or down");
  EXPECT_EQ(status().troubles[0].since, 7s);
  link(true);
  for (const auto& trouble : status().troubles) {
    EXPECT_NE(trouble.text, "is not there: the interface is missing or down");
  }
}

TEST_F(NodeStatusTest, ALongSilenceIsATroubleWithItsRemedyAndIsForgotten) {
  start(kPair);
  hear("b", kPair);
  const auto half_the_slack = (kPair.interval + kPair.stale) / 2;
  now += half_the_slack;
  hear("b", kPair);
  EXPECT_TRUE(status().troubles.empty());
  now += half_the_slack + 1ms;
  hear("b", kPair);
  now += 4s;
  ASSERT_EQ(status().troubles.size(), 1U);
  EXPECT_EQ(status().troubles[0].text, "node b was not heard for 201 ms of the 0.3 s that stale "
                                       "is: raise stale to 0.41 or more, on all nodes");
  EXPECT_EQ(status().troubles[0].last, 4s);
  now += 2min;
  EXPECT_TRUE(status().troubles.empty()) << "though nothing was heard of it since";
}

TEST_F(NodeStatusTest, AdvisesTwiceWhatWasSeenInTwoDigits) {
  EXPECT_EQ(advice_for(1ms), "raise stale to 0.002 or more, on all nodes");
  EXPECT_EQ(advice_for(1234ms), "raise stale to 2.5 or more, on all nodes");
  EXPECT_EQ(advice_for(50s), "raise stale to 100 or more, on all nodes");
}

TEST_F(NodeStatusTest, SaysWhyAPeerIsOut) {
  start(kPair);
  EXPECT_EQ(status().peers[0].out, std::nullopt) << "that is this node";
  EXPECT_EQ(status().peers[1].out, OutReason::never);
  hear("b", kPair);
  EXPECT_EQ(status().peers[1].out, std::nullopt);
  run(kPair.stale + 1ms);
  EXPECT_EQ(status().peers[1].out, OutReason::silent);
  hear("b", kPair);
  hear("b", kPair, false);
  EXPECT_EQ(status().peers[1].out, OutReason::inactive);
  run(kPair.stale + 1ms);
  EXPECT_EQ(status().peers[1].out, OutReason::left);
}

std::vector<std::string> texts(const Status& status) {
  std::vector<std::string> out;
  for (const auto& trouble : status.troubles) out.push_back(trouble.text);
  return out;
}

const std::string kAlone =
    "this node hears no other one: if they live, they may have the same addresses; if not, nobody "
    "could take over";

TEST(NodeTroublesTest, WhoIsMissedIsATroubleAndSoIsBeingAlone) {
  const std::vector<std::string> names = {"a", "b", "c"};
  TalkingNodes nodes(names);
  nodes.start(talking_config(1, names, {{"a", "10.0.0.9/24"}}));
  nodes.run(400ms);
  EXPECT_EQ(texts(nodes[0].status()), std::vector<std::string>{});
  nodes.silence(1);
  nodes.run(100ms);
  const std::string lost = "node b: lost: fell silent for longer than stale";
  ASSERT_EQ(texts(nodes[0].status()), std::vector<std::string>{lost});
  EXPECT_NEAR(std::chrono::duration<double>(nodes[0].status().troubles[0].since).count(), 0.1,
              0.011);
  nodes[2].step(StopRequested{});
  nodes.run(400ms);
  EXPECT_EQ(texts(nodes[0].status()), (std::vector<std::string>{lost, kAlone}));
  nodes.wake(1);
  nodes.run(400ms);
  const auto after = texts(nodes[0].status());
  EXPECT_EQ(std::count(after.begin(), after.end(), lost), 0);
  EXPECT_EQ(std::count(after.begin(), after.end(), kAlone), 0);
}

TEST(NodeTroublesTest, WhoWasNeverHeardLeavesAnActiveNodeAlone) {
  TalkingNodes nodes({"a"});
  nodes.start(talking_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}}));
  nodes.run(50ms);
  EXPECT_EQ(texts(nodes[0].status()), std::vector<std::string>{}) << "it has not listened enough";
  nodes.run(400ms);
  EXPECT_EQ(texts(nodes[0].status()), std::vector<std::string>{kAlone});
}

TEST(NodeTroublesTest, APeerOfAnotherPaceIsNamed) {
  TalkingNodes nodes({"a", "b"});
  auto config = talking_config(1, {"a", "b"}, {{"a", "10.0.0.9/24"}});
  nodes[0].start(config);
  config.interval = 20ms;
  config.stale = 100ms;
  nodes[1].start(config);
  nodes.run(400ms);
  EXPECT_EQ(texts(nodes[0].status()),
            std::vector<std::string>{"node b has interval 0.02 and stale 0.1, this node 0.01 and "
                                     "0.03: give all nodes the same"});
}

}  // namespace
}  // namespace vippy::core
