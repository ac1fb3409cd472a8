// The promises on real kernels: the same instrument as vippy-promises, at a pace that a busy
// machine can keep. A repetition in which the machine did not let somebody run for too long says
// nothing about vippy: it is repeated, and when that does not help, the test says so.
#include <algorithm>

#include "perf/flood.h"
#include "perf/promises.h"
#include "tests/netns/cluster_test.h"

namespace vippy::lab {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kRepetitions = 2;
constexpr unsigned kAttemptsMax = 5;
const Pace kPace{.interval = 0.01, .stale = 0.03, .lease = 1, .rate = 5'000};
constexpr Duration kStallMax = 15ms;  // half of stale

class PromisesTest : public testing::TestWithParam<Fault> {
 protected:
  void TearDown() override {
    if (HasFailure() && promises_) std::fputs(promises_->lab().logs().c_str(), stdout);
  }

  // Nullopt: the machine stalled each time.
  std::optional<Sample> undisturbed(Fault scenario) {
    for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
      auto sample = promises_->run(scenario);
      if (sample.longest_stall() < kStallMax) return sample;
      std::printf("disturbed: %s had waited %.1f ms for a processor\n",
                  sample.stalls.front().who.c_str(),
                  std::chrono::duration<double, std::milli>(sample.longest_stall()).count());
    }
    return std::nullopt;
  }

  // What stalls shorter than stale may cost: the requests of as long, and some.
  static Goal tolerant(Goal goal, const Sample& sample) {
    const auto grace = 2 * sample.longest_stall() + 2ms;
    if (goal.lost) *goal.lost += kPace.rate * static_cast<std::uint64_t>(grace / 1us) / 1'000'000;
    // A stall that is too short to be noted costs a request or two.
    if (sample.longest_stall() < StallWatch::kNoted && goal.lost) goal.lost = 5;
    // Times are not judged tighter than ten times what is usual.
    for (auto* one : {&goal.gap, &goal.two_running, &goal.two, &goal.off}) {
      if (*one) **one = 10 * **one + grace;
    }
    if (goal.median_gap) goal.gap = 10 * *goal.median_gap + grace;
    return goal;
  }

  void expect_kept() {
    const unsigned repetitions = GetParam() == Fault::kill_both ? 1 : kRepetitions;
    for (unsigned i = 0; i < repetitions; ++i) {
      const auto sample = undisturbed(GetParam());
      if (!sample) GTEST_SKIP() << "this machine is too busy to measure anything";
      EXPECT_EQ(misses(*sample, tolerant(goal_of(GetParam(), kPace), *sample)), "")
          << explain(*sample);
    }
  }

  std::optional<Promises> promises_;
};

TEST_P(PromisesTest, IsKept) {
  promises_.emplace(kPace);
  expect_kept();
}

class FloodedPromisesTest : public PromisesTest {};

// Garbage, altered and replayed announcements neither delay a take-over nor cause one.
TEST_P(FloodedPromisesTest, IsKeptUnderFire) {
  promises_.emplace(kPace);
  const Flood flood(promises_->lab(), 5'000, 3);
  expect_kept();
  const auto fire = flood.fire();
  EXPECT_GT(fire.sent, 200U) << fire.text();
  // What is still on its way aside, all of it arrives.
  EXPECT_GT(fire.arrived(), fire.sent / 2) << fire.text();
  EXPECT_GT(fire.read, fire.sent / 4) << fire.text();
}

std::string test_name(const testing::TestParamInfo<Fault>& scenario) {
  std::string name = name_of(scenario.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, PromisesTest, testing::ValuesIn(kPromised), test_name);
INSTANTIATE_TEST_SUITE_P(Scenarios, FloodedPromisesTest,
                         testing::Values(Fault::clean_stop, Fault::kill_daemon,
                                         Fault::cut_silently),
                         test_name);

TEST(HolderTimesTest, TimesWithTwoAndWithNoneAreCounted) {
  const std::vector<HolderChange> changes = {
      {10ms, 2, true, false}, {12ms, 1, false, true}, {15ms, 1, false, false},
      {20ms, 2, false, false}, {23ms, 1, true, false}};
  const auto times = holder_times({1}, {1, 2}, changes, 5ms, 30ms);
  EXPECT_EQ(times.two, 5ms);
  EXPECT_EQ(times.two_running, 2ms);
  EXPECT_EQ(times.none, 3ms);
}

}  // namespace
}  // namespace vippy::lab
