#include "tests/sim/story.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

#include "tests/sim/faults.h"

namespace vippy::sim {
namespace {

TEST(StoryTest, SameSeedGivesTheSameTraceOctetForOctet) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const auto act : {Act::safety, Act::liveness}) {
      const auto first = tell(seed, act);
      const auto second = tell(seed, act);
      EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
      EXPECT_EQ(first.decisions, second.decisions) << "seed " << seed;
      EXPECT_GT(first.trace.size(), 1000U);
    }
  }
  EXPECT_NE(tell(1, Act::safety).trace, tell(2, Act::safety).trace);
}

TEST(StoryTest, EverySeedKeepsThePromisesInBothActs) {
  std::vector<std::uint64_t> seeds(60);
  std::iota(seeds.begin(), seeds.end(), 1U);
  seeds.push_back(7938);  // a node that adopts late had the last word about what it let go of
  seeds.push_back(8927);  // several wait for an owner that is cut off from them only
  for (const auto seed : seeds) {
    for (const auto act : {Act::safety, Act::liveness}) {
      const auto result = tell(seed, act);
      if (result.violations.empty()) continue;
      const auto& first = result.violations.front();
      FAIL() << "seed " << seed << ", act " << name(act) << ", " << first.checker << ": "
             << first.text << "\n" << tail(result.trace, 40);
    }
  }
}

TEST(StoryTest, GuardsHaveWorkToDo) {
  std::set<std::string_view> told;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto trace = tell(seed, Act::safety).trace;
    for (const std::string_view words :
         {"lets go", "kills it", "this node hung", "the guard ended unexpectedly"}) {
      if (trace.find(words) != std::string::npos) told.insert(words);
    }
  }
  EXPECT_EQ(told.size(), 4U);
}

TEST(StoryTest, EveryFaultIsDrawnAndHasANameOfItsOwn) {
  core::Rng choice(1);
  std::set<std::string_view> drawn;
  for (int i = 0; i < 2000; ++i) drawn.insert(draw_fault(choice, false, true).name);
  EXPECT_EQ(drawn.size(), all_faults().size());
  for (int i = 0; i < 200; ++i) EXPECT_TRUE(draw_fault(choice, true, true).is_lone);
  for (int i = 0; i < 200; ++i) EXPECT_FALSE(draw_fault(choice, false, false).needs_guards);
}

TEST(StoryTest, TheTailIsTheLastLines) {
  EXPECT_EQ(tail("a\nb\nc\n", 2), "b\nc\n");
  EXPECT_EQ(tail("a\nb\nc\n", 9), "a\nb\nc\n");
  EXPECT_EQ(tail("", 2), "");
}

}  // namespace
}  // namespace vippy::sim
