#include "core/worst.h"

#include <gtest/gtest.h>

namespace vippy::core {
namespace {

using namespace std::chrono_literals;

class WorstTest : public testing::Test {
 protected:
  void note(Duration value, Duration at) { worst_.note(value, kBegin + at); }
  [[nodiscard]] Worst::Noted worst_at(Duration at) const { return worst_.worst(kBegin + at); }

  static constexpr Instant kBegin{1000s};

 private:
  Worst worst_;
};

TEST_F(WorstTest, TellsTheLargestAndWhenItWas) {
  note(3ms, 0s);
  note(9ms, 1s);
  note(4ms, 2s);
  EXPECT_EQ(worst_at(3s).value, 9ms);
  EXPECT_EQ(worst_at(3s).at, kBegin + 1s);
}

TEST_F(WorstTest, RemembersForAMinuteAtLeastAndTwoAtMost) {
  note(9ms, 0s);
  note(1ms, 59s);
  note(2ms, 61s);
  EXPECT_EQ(worst_at(62s).value, 9ms);
  note(2ms, 122s);
  EXPECT_EQ(worst_at(123s).value, 2ms);
}

TEST_F(WorstTest, ForgetsThoughNothingMoreIsNoted) {
  note(9ms, 0s);
  EXPECT_EQ(worst_at(119s).value, 9ms);
  EXPECT_EQ(worst_at(120s).value, 0ms);
}

TEST_F(WorstTest, KnowsNothingAtFirst) { EXPECT_EQ(worst_at(0s).value, 0ms); }

}  // namespace
}  // namespace vippy::core
