#include "core/worst.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

const Instant kBegin{1000s};

TEST(WorstTest, TellsTheLargestAndWhenItWas) {
  Worst worst;
  worst.note(3ms, kBegin);
  worst.note(9ms, kBegin + 1s);
  worst.note(4ms, kBegin + 2s);
  EXPECT_EQ(worst.worst(kBegin + 3s).value, 9ms);
  EXPECT_EQ(worst.worst(kBegin + 3s).at, kBegin + 1s);
}

TEST(WorstTest, RemembersForAMinuteAtLeastAndTwoAtMost) {
  Worst worst;
  worst.note(9ms, kBegin);
  worst.note(1ms, kBegin + 59s);
  worst.note(2ms, kBegin + 61s);
  EXPECT_EQ(worst.worst(kBegin + 62s).value, 9ms);
  worst.note(2ms, kBegin + 122s);
  EXPECT_EQ(worst.worst(kBegin + 123s).value, 2ms);
}

TEST(WorstTest, ForgetsThoughNothingMoreIsNoted) {
  Worst worst;
  worst.note(9ms, kBegin);
  EXPECT_EQ(worst.worst(kBegin + 119s).value, 9ms);
  EXPECT_EQ(worst.worst(kBegin + 120s).value, 0ms);
}

TEST(WorstTest, KnowsNothingAtFirst) { EXPECT_EQ(Worst{}.worst(kBegin).value, 0ms); }

}  // namespace
}  // namespace vippy::core
