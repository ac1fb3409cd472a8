#include "plan.h"

#include <gtest/gtest.h>

#include "tests/support/vectors.h"

namespace vippy::hall {
namespace {

TEST(PlanTest, AgreesWithEveryOwnershipOfTheReference) {
  const auto vectors = test::golden("vippy1/ownership.json");
  ASSERT_FALSE(vectors.empty());
  for (const auto& vector : vectors) {
    const auto shared = test::shared_of(vector.at("config"));
    std::vector<std::string> active;
    for (const auto& node : shared->nodes) {
      if (vector.at("active").value(node, false)) active.push_back(node);
    }
    EXPECT_EQ(test::json::parse(plan_json(*shared, active)), vector.at("ownership"));
  }
}

TEST(PlanTest, AllNodesAreActiveUnlessTheyAreNamed) {
  core::Shared shared;
  shared.nodes = {"a", "b"};
  shared.groups = {{"b", {test::vip("10.0.0.9/24"), test::vip("10.0.0.91/24")}}};
  EXPECT_EQ(plan_text(shared, std::nullopt), "10.0.0.9/24 10.0.0.91/24 -> b (prefers b)\n");
  EXPECT_EQ(plan_text(shared, {{"a"}}), "10.0.0.9/24 10.0.0.91/24 -> a (prefers b)\n");
  EXPECT_EQ(plan_text(shared, std::vector<std::string>{}),
            "10.0.0.9/24 10.0.0.91/24 -> nobody: no node is active (prefers b)\n");
}

TEST(PlanTest, NamesThatAreNoNodesAreStrangers) {
  core::Shared shared;
  shared.nodes = {"a", "b"};
  EXPECT_EQ(strangers(shared, {"a", "x", "b", "y"}), (std::vector<std::string>{"x", "y"}));
}

}  // namespace
}  // namespace vippy::hall
