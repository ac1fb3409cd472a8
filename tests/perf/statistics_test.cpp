#include "perf/statistics.h"

#include <gtest/gtest.h>

#include <numeric>

namespace vippy::lab {
namespace {

TEST(StatisticsTest, NothingHasNoSummary) { EXPECT_FALSE(summary_of({})); }

TEST(StatisticsTest, OneValueIsAllOfThem) {
  const auto one = summary_of({7}).value();
  EXPECT_EQ(one.count, 1U);
  for (const auto value : {one.min, one.median, one.p95, one.p99, one.max}) EXPECT_EQ(value, 7);
}

TEST(StatisticsTest, PercentilesAreByNearestRank) {
  std::vector<double> values(100);
  std::iota(values.rbegin(), values.rend(), 1);
  const auto all = summary_of(values).value();
  EXPECT_EQ(all.min, 1);
  EXPECT_EQ(all.median, 50);
  EXPECT_EQ(all.p95, 95);
  EXPECT_EQ(all.p99, 99);
  EXPECT_EQ(all.max, 100);
}

TEST(StatisticsTest, AFewValuesHaveTheirLargestAsHighPercentiles) {
  const auto few = summary_of({3, 1, 2}).value();
  EXPECT_EQ(few.median, 2);
  EXPECT_EQ(few.p95, 3);
  EXPECT_EQ(few.p99, 3);
}

}  // namespace
}  // namespace vippy::lab
