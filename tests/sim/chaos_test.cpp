#include "tests/sim/chaos.h"

#include <gtest/gtest.h>

namespace vippy::sim {
namespace {

TEST(ChaosTest, SameSeedGivesTheSameTraceOctetForOctet) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto first = run_chaos(seed);
    const auto second = run_chaos(seed);
    EXPECT_EQ(first.trace, second.trace) << "seed " << seed;
    EXPECT_GT(first.trace.size(), 1000U);
  }
  EXPECT_NE(run_chaos(1).trace, run_chaos(2).trace);
}

TEST(ChaosTest, EverySeedComesRightAfterTheFaultsStop) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const auto result = run_chaos(seed);
    EXPECT_TRUE(result.violations.empty()) << "seed " << seed << ": " << result.violations.front()
                                           << "\n" << result.trace;
    if (!result.violations.empty()) return;  // one story is enough
  }
}

}  // namespace
}  // namespace vippy::sim
