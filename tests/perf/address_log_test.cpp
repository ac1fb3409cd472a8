#include "perf/address_log.h"

#include <gtest/gtest.h>

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration kEnd = 100ms;

HolderTimes of_first_and(const std::vector<HolderChange>& changes) {
  return holder_times({1}, {1, 2}, changes, 0ms, kEnd);
}

TEST(HolderTimesTest, AddsUpTwoAndNone) {
  const auto times = of_first_and({{10ms, 2, true}, {13ms, 1, false}, {40ms, 2, false},
                                   {45ms, 1, true}});
  EXPECT_EQ(times.two, 3ms);
  EXPECT_EQ(times.none, 5ms);
  EXPECT_FALSE(times.is_two_at_end);
}

// A hand-over may be under way when the watch ends.
TEST(HolderTimesTest, TwoStayWhenTheyWereTwoForTheLast20Milliseconds) {
  EXPECT_TRUE(of_first_and({{80ms, 2, true}}).is_two_at_end);
  EXPECT_FALSE(of_first_and({{81ms, 2, true}}).is_two_at_end);
  EXPECT_FALSE(of_first_and({{10ms, 2, true}, {12ms, 1, false}, {98ms, 1, true}}).is_two_at_end);
}

TEST(HolderTimesTest, TwoOfWhichOneDoesNotRunAreCountedApart) {
  const auto times = of_first_and({{0ms, 1, false, true}, {10ms, 2, true}});
  EXPECT_EQ(times.two, 90ms);
  EXPECT_EQ(times.two_running, 0ms);
}

}  // namespace
}  // namespace vippy::lab
