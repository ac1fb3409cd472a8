// A node with thousands of groups: what is done in one turn, and what a reload leaves alone.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/core/talking_nodes.h"

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMany = 3'000;

using Groups = std::vector<std::pair<std::string, std::string>>;

Groups many(const std::string& preferred, std::size_t count = kMany) {
  Groups out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto net = std::to_string(1 + i / 250) + "." + std::to_string(i % 250);
    out.emplace_back(preferred, "10." + net + ".1/8");
  }
  return out;
}

struct Pair : TalkingNodes {
  explicit Pair(Groups groups_) : TalkingNodes({"a", "b"}), groups(std::move(groups_)) {
    start(config(1));
    run(400ms);
    for (const std::size_t node : {0U, 1U}) forget(node);
  }
  [[nodiscard]] Config config(std::uint64_t version) const {
    return talking_config(version, {"a", "b"}, groups);
  }
  Groups groups;
};

TEST(NodeManyTest, WhatALostNodeHadIsAskedForBeforeAllOfItIsDecided) {
  Pair pair(many("b"));
  ASSERT_EQ(pair[1].kernel.size(), kMany);
  pair.silence(1);
  auto& left = pair[0];
  for (int ms = 0; ms < 50 && left.logged<event::PeerSilent>().empty(); ++ms) {
    left.now += 1ms;
    left.tick();
  }
  const auto first = left.count<AddAddress>();
  EXPECT_GT(first, 0U);
  EXPECT_LT(left.logged<event::GroupMoved>().size(), kMany / 2);
  EXPECT_LE(left.node.next_deadline(), left.now);  // the next part at once
  for (int i = 0; i < 100 && left.node.is_due(left.now); ++i) {
    left.tick();
    left.comply();
  }
  EXPECT_EQ(left.kernel.size(), kMany);
  EXPECT_EQ(left.logged<event::GroupMoved>().size(), kMany);
  for (const auto& moved : left.logged<event::GroupMoved>()) {
    ASSERT_EQ(moved.reason, MoveReason::owner_silent);
  }
}

// Or it would be late itself when it has taken hundreds, and those who miss it take them again.
TEST(NodeManyTest, ATurnMovesNoMoreThanAnIntervalHasTimeFor) {
  TalkingNodes pair({"a", "b"});
  auto config = talking_config(1, {"a", "b"}, many("b", 500));
  config.interval = 1ms;
  config.stale = 3ms;
  pair.start(config);
  pair.run(400ms);
  ASSERT_EQ(pair[1].kernel.size(), 500U);
  pair.silence(1);
  auto& left = pair[0];
  left.forget();
  left.now = pair.now;
  for (int ms = 0; ms < 20 && left.logged<event::GroupMoved>().empty(); ++ms) {
    left.now += 1ms;
    left.tick();
  }
  EXPECT_GT(left.logged<event::GroupMoved>().size(), 0U);
  EXPECT_LT(left.logged<event::GroupMoved>().size(), 64U);
  const auto began = left.now;
  const auto said = left.count<SendMessage>();
  for (int i = 0; i < 1'000 && left.kernel.size() < 500; ++i) {
    left.now += 20us;
    const auto asked = left.count<AddAddress>();
    const auto told = left.count<Advertise>();
    left.tick();
    left.comply();
    ASSERT_LT(left.count<AddAddress>() - asked, 64U);
    ASSERT_LT(left.count<Advertise>() - told, 64U);
  }
  EXPECT_EQ(left.kernel.size(), 500U);
  // All of it is news, and is soon told no more than twice in an interval.
  const auto halves = static_cast<std::size_t>((left.now - began) / 500us);
  EXPECT_LE(left.count<SendMessage>() - said, halves + 8);
}

// Nobody waits for us to know of those: the last of our own comes earlier.
TEST(NodeManyTest, WhatMovesBetweenOthersIsDecidedLast) {
  TalkingNodes trio({"a", "b", "c"});
  auto config = talking_config(1, {"a", "b", "c"}, many("c", 1'000));
  trio.start(config);
  trio.run(400ms);
  ASSERT_EQ(trio[2].kernel.size(), 1'000U);
  trio.silence(2);
  for (const std::size_t node : {0U, 1U}) trio.forget(node);
  trio.run(100ms);
  ASSERT_EQ(trio[0].kernel.size() + trio[1].kernel.size(), 1'000U);
  for (const std::size_t node : {0U, 1U}) {
    const std::string own = node == 0 ? "a" : "b";
    const auto moved = trio[node].logged<event::GroupMoved>();
    ASSERT_EQ(moved.size(), 1'000U);
    const auto others = std::find_if(moved.begin(), moved.end(),
                                     [&](const auto& one) { return one.to != own; });
    EXPECT_TRUE(std::all_of(others, moved.end(), [&](const auto& one) { return one.to != own; }));
    EXPECT_GT(std::distance(moved.begin(), others), 300);
  }
}

TEST(NodeManyTest, AReloadAsksForNothingButWhatIsNew) {
  Pair pair(many("a"));
  ASSERT_EQ(pair[0].kernel.size(), kMany);
  pair.groups.insert(pair.groups.begin() + 7, {"b", "10.99.0.1/8"});
  pair[0].step(ConfigLoaded{pair.config(2)});
  pair.run(50ms);
  EXPECT_EQ(pair[0].count<AddAddress>() + pair[0].count<RemoveAddress>(), 0U);
  EXPECT_EQ(pair[1].count<AddAddress>(), 1U);
  EXPECT_EQ(pair[1].status().shared->version, 2U);
  EXPECT_EQ(pair.holders("10.99.0.1/8"), std::vector<std::size_t>{1});
  for (const std::size_t node : {0U, 1U}) {
    const auto moved = pair[node].logged<event::GroupMoved>();
    ASSERT_EQ(moved.size(), 1U);
    EXPECT_EQ(moved[0].reason, MoveReason::configuration);
  }
}

TEST(NodeManyTest, TheFirstWordUnderANewConfigurationIsAboutAllOfThem) {
  auto groups = many("a");
  TalkingNodes nodes({"a", "b"});
  nodes[0].refuses = true;
  nodes.start(talking_config(1, {"a", "b"}, groups));
  nodes.run(400ms);
  ASSERT_EQ(nodes[1].kernel.size(), kMany);
  auto& refusing = nodes[0];
  refusing.forget();
  groups.insert(groups.begin(), {"b", "10.99.0.1/8"});
  refusing.step(ConfigLoaded{talking_config(2, {"a", "b"}, groups)});
  for (int i = 0; i < 10 && refusing.count<SendMessage>() == 0; ++i) refusing.tick();
  const auto& beat = std::get<Beat>(refusing.last<SendMessage>().message.body);
  EXPECT_EQ(beat.version, 2U);
  for (std::size_t i = 1; i <= kMany; ++i) ASSERT_TRUE(beat.refusals.test(i)) << i;
}

TEST(NodeManyTest, LeftoversOfThousandsAreAdoptedAndNotRemoved) {
  const auto groups = many("a");
  std::vector<std::string> leftovers;
  for (const auto& [preferred, address] : groups) leftovers.push_back(address);
  SteppedNode node;
  node.start(talking_config(1, {"a"}, groups), leftovers);
  node.run(400ms);
  EXPECT_EQ(node.count<AddAddress>() + node.count<RemoveAddress>(), 0U);
  EXPECT_EQ(node.logged<event::LeftoverAdopted>().size(), kMany);
}

}  // namespace
}  // namespace vippy::core
