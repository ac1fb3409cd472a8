#include "plan.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/support/vectors.h"

namespace vippy::hall {
namespace {

core::Config config_of(core::Shared shared) {
  core::Config config;
  config.shared = std::make_shared<const core::Shared>(std::move(shared));
  return config;
}

TEST(PlanTest, AgreesWithEveryOwnershipOfTheReference) {
  const auto vectors = test::golden("vippy1/ownership.json");
  ASSERT_FALSE(vectors.empty());
  for (const auto& vector : vectors) {
    const auto shared = test::shared_of(vector.at("config"));
    std::vector<std::string> active;
    for (const auto& node : shared->nodes) {
      if (vector.at("active").value(node, false)) active.push_back(node);
    }
    EXPECT_EQ(test::json::parse(plan_json(config_of(*shared), active)), vector.at("ownership"));
  }
}

TEST(PlanTest, AllNodesAreActiveUnlessTheyAreNamed) {
  core::Shared shared;
  shared.nodes = {"a", "b"};
  shared.groups = {{"b", {test::vip("10.0.0.9/24"), test::vip("10.0.0.91/24")}}};
  EXPECT_EQ(plan_text(config_of(shared), std::nullopt),
            "10.0.0.9/24 10.0.0.91/24 -> b (prefers b)\n");
  EXPECT_EQ(plan_text(config_of(shared), {{"a"}}), "10.0.0.9/24 10.0.0.91/24 -> a (prefers b)\n");
  EXPECT_EQ(plan_text(config_of(shared), std::vector<std::string>{}),
            "10.0.0.9/24 10.0.0.91/24 -> nobody: no node is active (prefers b)\n");
}

TEST(PlanTest, NobodyOwnsAnythingWithoutTheMajorityThatIsAskedFor) {
  core::Shared shared;
  shared.nodes = {"a", "b", "c", "d"};
  shared.groups = {{std::nullopt, {test::vip("10.0.0.9/24")}}};
  auto config = config_of(shared);
  config.quorum = core::Quorum::majority;
  const std::string nobody = "10.0.0.9/24 -> nobody: no majority of the nodes is active\n";
  EXPECT_EQ(plan_text(config, {{"a", "b"}}), nobody);
  EXPECT_NE(plan_text(config, {{"a", "b", "c"}}), nobody);
  const auto owners = test::json::parse(plan_json(config, {{"a", "b"}}));
  EXPECT_EQ(owners.at("_").size(), 1U);
  EXPECT_TRUE(owners.at("a").empty());
  // Of two halves the one serves whose witness answers.
  config.witness = {*core::parse_ip("10.0.0.254")};
  EXPECT_NE(plan_text(config, {{"a", "b"}}), nobody);
  EXPECT_EQ(plan_text(config, {{"a"}}), nobody);
}

TEST(PlanTest, NamesThatAreNoNodesAreStrangers) {
  core::Shared shared;
  shared.nodes = {"a", "b"};
  EXPECT_EQ(strangers(shared, {"a", "x", "b", "y"}), (std::vector<std::string>{"x", "y"}));
}

}  // namespace
}  // namespace vippy::hall
