#include "core/placement.h"

#include <algorithm>
#include <memory>

#include "core/rng.h"
#include "core/status.h"
#include "tests/support/vectors.h"

namespace vippy::core {
namespace {

// The dumb solver: sort the texts, as docs/protocol.md says it.
std::size_t dumb_owner(const Shared& shared, const Group& group, const std::vector<bool>& active) {
  std::size_t best = kNobody;
  std::string best_key;
  for (std::size_t i = 0; i < shared.nodes.size(); ++i) {
    if (!active[i]) continue;
    if (group.preferred == shared.nodes[i]) return i;
    const auto key = placement_key(shared.nodes[i], group.vips.front().text);
    if (best == kNobody || key < best_key) {
      best = i;
      best_key = key;
    }
  }
  return best;
}

std::vector<std::size_t> owners(const Placement& placement, const std::vector<bool>& active) {
  const auto flags = std::make_unique<bool[]>(active.size());
  std::copy(active.begin(), active.end(), flags.get());
  return placement.owners(std::span<const bool>(flags.get(), active.size()));
}

TEST(PlacementTest, AgreesWithEveryOwnershipOfTheReference) {
  const auto vectors = test::golden("vippy1/ownership.json");
  ASSERT_EQ(vectors.size(), 40U);
  for (const auto& vector : vectors) {
    const auto shared = test::shared_of(vector.at("config"));
    std::vector<bool> active;
    for (const auto& node : shared->nodes) active.push_back(vector.at("active").value(node, false));
    const auto result = owners(Placement(*shared), active);
    test::json solved = {{"_", test::json::array()}};
    for (std::size_t i = 0; i < active.size(); ++i) {
      if (active[i]) solved[shared->nodes[i]] = test::json::array();
    }
    for (const auto i : listing_order(*shared, result)) {
      test::json group = test::json::array();
      if (shared->groups[i].preferred) group.push_back(*shared->groups[i].preferred);
      for (const auto& vip : shared->groups[i].vips) group.push_back(vip.text);
      solved[result[i] == kNobody ? "_" : shared->nodes[result[i]]].push_back(group);
    }
    EXPECT_EQ(solved, vector.at("ownership"));
  }
}

TEST(PlacementTest, AgreesWithTheDumbSolverOnRandomClusters) {
  Rng rng(20261122);
  for (int round = 0; round < 400; ++round) {
    Shared shared;
    const auto nodes = 1 + rng.below(9);
    for (std::size_t i = 0; i < nodes; ++i) {
      shared.nodes.push_back("n" + std::to_string(rng.next()));
    }
    for (std::size_t i = 0; i < 8; ++i) {
      auto& group = shared.groups.emplace_back();
      group.vips.push_back(test::vip("10.1." + std::to_string(rng.below(256)) + ".1/16"));
      if (rng.chance(1, 2)) group.preferred = shared.nodes[rng.below(nodes)];
      if (rng.chance(1, 8)) group.preferred = "ghost";
    }
    const Placement placement(shared);
    for (int draw = 0; draw < 16; ++draw) {
      std::vector<bool> active;
      for (std::size_t i = 0; i < nodes; ++i) active.push_back(rng.chance(1, 2));
      const auto result = owners(placement, active);
      for (std::size_t i = 0; i < shared.groups.size(); ++i) {
        ASSERT_EQ(result[i], dumb_owner(shared, shared.groups[i], active)) << "round " << round;
      }
    }
  }
}

TEST(PlacementTest, LosingOneNodeMovesOnlyWhatItOwned) {
  Rng rng(7);
  Shared shared;
  for (int i = 0; i < 5; ++i) shared.nodes.push_back("node" + std::to_string(i));
  for (int i = 0; i < 100; ++i) {
    shared.groups.push_back({std::nullopt, {test::vip("10.2.0." + std::to_string(i) + "/24")}});
  }
  const Placement placement(shared);
  const auto before = owners(placement, {true, true, true, true, true});
  const auto after = owners(placement, {true, true, false, true, true});
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == 2) {
      EXPECT_NE(after[i], 2U);
    } else {
      EXPECT_EQ(before[i], after[i]);
    }
  }
}

}  // namespace
}  // namespace vippy::core
