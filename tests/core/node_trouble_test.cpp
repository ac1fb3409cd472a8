// What is wrong is listed with its own beginning, and goes with its cause.
#include <gtest/gtest.h>

#include "tests/core/talking_nodes.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const std::string kVip = "10.0.0.9/24";
const std::vector<std::string> kTwo = {"a", "b"};

Config prefers_a(std::uint64_t version = 1) {
  return talking_config(version, kTwo, {{"a", kVip}});
}

// The trouble that begins like this; null: there is none.
std::optional<VipTrouble> trouble(const SteppedNode& node, const std::string& begins) {
  for (const auto& one : node.status().troubles) {
    if (one.text.starts_with(begins)) return one;
  }
  return std::nullopt;
}

struct Pair : TalkingNodes {
  explicit Pair(const Config& config = prefers_a()) : TalkingNodes(kTwo) {
    start(config);
    run(400ms);
    forget(0);
    forget(1);
  }
};

TEST(NodeTroubleTest, EachHostWithAnotherSecretIsNamedAndListedByItself) {
  Pair pair;
  auto& node = pair[0];
  const auto forge = [&](const std::string& source) {
    node.step(MessageRefused{Wire2Error::forged, *parse_ip(source)});
  };
  forge("10.0.0.7");
  node.now += 5s;
  forge("10.0.0.8");
  node.now += 2s;
  forge("10.0.0.8");
  const auto said = node.logged<event::Unbelieved>();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0].source, "10.0.0.7");
  EXPECT_EQ(said[1].source, "10.0.0.8");
  const auto first = trouble(node, "announcements of 10.0.0.7 have another secret");
  const auto second = trouble(node, "announcements of 10.0.0.8 have another secret");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->since, 7s);
  EXPECT_EQ(first->last, 7s);
  EXPECT_EQ(second->since, 2s);
  EXPECT_EQ(second->last, 0s);
  node.now += kForgetAfter;
  EXPECT_FALSE(trouble(node, "announcements of"));
}

TEST(NodeTroubleTest, InventedSourcesFillNeitherTheLogNorTheStatus) {
  Pair pair;
  auto& node = pair[0];
  for (std::uint32_t i = 0; i < 5000; ++i) {
    node.step(MessageRefused{Wire2Error::forged, Ipv4::from_number(0x0a010000U + i)});
  }
  EXPECT_EQ(node.logged<event::Unbelieved>().size(), kRemindedHostsMax);
  EXPECT_LE(node.status().troubles.size(), kRemindedHostsMax + 4);
}

TEST(NodeTroubleTest, ANodeThatIsReceivedAndNeverHearsUsIsNamedUntilItDoes) {
  TalkingNodes pair(kTwo);
  pair.cut(0, 1);
  pair.speaks_from(1, {"10.0.0.22"});
  pair.start(prefers_a());
  pair.run(30ms);
  EXPECT_FALSE(trouble(pair[0], "node b is received")) << "every start has a moment of this";
  pair.run(400ms);
  const auto said = pair[0].logged<event::PeerOneWay>();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].node, "b");
  EXPECT_EQ(said[0].source, "10.0.0.22");
  const auto listed = trouble(pair[0], "node b is received at 10.0.0.22 but does not hear this");
  ASSERT_TRUE(listed);
  EXPECT_GT(listed->since, 300ms);
  EXPECT_EQ(pair[0].status().peers[1].out, OutReason::deaf);
  EXPECT_TRUE(pair[1].logged<event::PeerOneWay>().empty()) << "it receives nothing";
  pair.cut(0, 1, false);
  pair.run(100ms);
  EXPECT_TRUE(pair[0].status().peers[1].is_active);
  EXPECT_FALSE(trouble(pair[0], "node b is received"));
}

TEST(NodeTroubleTest, ANodeThatHearsUsNoMoreIsListedAndSaidOnce) {
  Pair pair;
  pair.cut(0, 1);
  pair.run(400ms);
  EXPECT_EQ(pair[0].logged<event::PeerDeaf>().size(), 1U);
  EXPECT_TRUE(pair[0].logged<event::PeerOneWay>().empty());
  EXPECT_TRUE(trouble(pair[0], "node b is received"));
  pair.cut(1, 0);
  pair.run(100ms);
  EXPECT_FALSE(trouble(pair[0], "node b is received")) << "it is not received either";
}

TEST(NodeTroubleTest, AMissingPathSaysSinceWhen) {
  Pair pair;
  auto& node = pair[0];
  node.link(false);
  node.tick();
  node.now += 5s;
  node.link(false);
  node.tick();
  const auto listed = trouble(node, "chat_interface (all) is missing");
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->since, 5s);
  node.link(true);
  EXPECT_FALSE(trouble(node, "chat_interface"));
}

TEST(NodeTroubleTest, AMissingPathIsListedWhateverANodeDoesThatIsCutOff) {
  auto config = prefers_a();
  config.chat_interfaces = {"eth0"};
  config.isolation = Isolation::release;
  config.witness = {*parse_ip("10.0.0.254")};
  Pair pair(config);
  auto& node = pair[0];
  node.link(false);
  node.tick();
  node.run(5s);
  EXPECT_EQ(node.status().inactive_reason, "hears no other node, and no witness answers");
  const auto listed = trouble(node, "chat_interface (eth0) is missing");
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->since, 5s);
}

TEST(NodeTroubleTest, AFileThatIsOlderThanTheClusterIsListedUntilItIsReplaced) {
  Pair pair;
  pair[1].step(ConfigLoaded{prefers_a(7)});
  pair.run(100ms);
  ASSERT_EQ(pair[0].status().shared->version, 7U);
  const auto listed = trouble(pair[0], "the configuration file is version 1, the cluster runs "
                                       "version 7: copy vips, nodes and version");
  ASSERT_TRUE(listed);
  EXPECT_GT(listed->since, 50ms);
  EXPECT_FALSE(trouble(pair[1], "the configuration file is version"));
  pair[0].step(ConfigLoaded{prefers_a(6)});
  pair.run(100ms);
  const auto still = trouble(pair[0], "the configuration file is version 6, the cluster");
  ASSERT_TRUE(still);
  EXPECT_GT(still->since, 150ms);
  pair[0].step(ConfigLoaded{prefers_a(7)});
  pair.run(10ms);
  EXPECT_FALSE(trouble(pair[0], "the configuration file is version"));
}

TEST(NodeTroubleTest, OtherContentsUnderTheSameVersionAreListedUntilTheyAreEqual) {
  TalkingNodes pair(kTwo);
  pair[0].start(prefers_a());
  pair[1].start(talking_config(1, kTwo, {{"b", kVip}}));
  pair.run(500ms);
  for (std::size_t i = 0; i < 2; ++i) {
    const auto listed =
        trouble(pair[i], "node " + kTwo[1 - i] + " has other vips or nodes under the same version "
                                                 "1: make the files equal and raise version");
    ASSERT_TRUE(listed) << i;
    EXPECT_GT(listed->since, 300ms);
  }
  pair[1].step(ConfigLoaded{prefers_a(2)});
  pair.run(200ms);
  EXPECT_FALSE(trouble(pair[0], "node b has other"));
  EXPECT_FALSE(trouble(pair[1], "node a has other"));
}

TEST(NodeTroubleTest, OtherContentsInProtocolOneAreListedWhileTheyAreHeard) {
  const auto config = small_config(1, kTwo, {{"", kVip}});
  SteppedNode node;
  node.start(config);
  node.run(1100ms);
  const auto other = small_config(1, kTwo, {{"", "10.0.0.8/24"}});
  node.hear("b", other);
  node.now += 200ms;
  node.hear("b", other);
  const auto listed = trouble(node, "node b has other vips or nodes");
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->since, 200ms);
  node.hear("b", config);
  EXPECT_FALSE(trouble(node, "node b has other"));
}

TEST(NodeTroubleTest, OfManyAddressesTheFirstAreSaidAndTheRestIsSummedUp) {
  std::vector<std::pair<std::string, std::string>> groups;
  for (int i = 0; i < 12; ++i) groups.emplace_back("a", "10.0.0." + std::to_string(50 + i) + "/24");
  TalkingNodes pair(kTwo);
  pair.start(talking_config(1, kTwo, groups));
  pair[0].step(NeighbourSeen{2, *parse_ip("10.0.0.7"), Mac{{2, 0, 0, 0, 0, 7}}, true});
  pair.run(5s);
  const auto said = pair[0].logged<event::Converged>();
  ASSERT_EQ(said.size(), FirstFew::kSaid);
  EXPECT_EQ(said[0].silent, "10.0.0.7");
  const auto more = pair[0].logged<event::ConvergedMore>();
  ASSERT_EQ(more.size(), 1U);
  EXPECT_EQ(more[0].vips, 4U);
  EXPECT_TRUE(more[0].has_silent);
}

}  // namespace
}  // namespace vippy::core
