#include "guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/rng.h"

namespace vippy::hall {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration kStale = 100ms;
constexpr core::Duration kKillAfter = 1s;
constexpr core::Duration kHandOver = 3ms;

// A daemon and its guard in virtual time, a step each tick of 100 us. What was done is a list of
// "will@3.0": the time in milliseconds.
class World {
 public:
  World() {
    view.stale = kStale;
    view.kill_after = kKillAfter;
    view.hand_over = kHandOver;
    view.is_clean = true;
    view.beat_at = now();
  }

  // Until `end`, the daemon beating each millisecond unless it hangs or is dead.
  void run_until(core::Duration end) {
    for (; time < end; time += 100us) {
      const bool is_turn = time % 1ms == 0ms;
      if (is_turn && is_beating) turn();
      if (!is_frozen && (view.is_dead != was_dead || is_poked || now() >= look_again)) guard_step();
    }
  }
  void turn() {
    view.beat_at = now();
    if (!view.is_fence_up) return;
    view.is_fence_up = false;
    is_poked = true;
    note("acknowledged");
  }
  void guard_step() {
    was_dead = view.is_dead;
    is_poked = false;
    view.now = now();
    ++looks;
    for (;;) {
      const auto steps = guard.step(view);
      perform(steps);
      look_again = steps.look_again;
      if (steps.end || look_again > now()) return;
    }
  }
  void perform(const GuardSteps& steps) {
    if (steps.raise_fence) note("fence");
    if (steps.lower_fence) note("lower");
    view.is_fence_up = (view.is_fence_up || steps.raise_fence) && !steps.lower_fence;
    if (steps.send_will) note("will");
    if (steps.let_go) {
      EXPECT_TRUE(view.is_dead || view.is_fence_up);
      EXPECT_TRUE(view.is_dead || now() - view.beat_at > kStale) << "of a daemon that beats";
      let_go_at = now();
      note("let go");
    }
    if (steps.kill) {
      note("kill");
      view.is_dead = view.is_dead || dies_when_killed;
      is_beating = is_beating && !view.is_dead;
    }
    if (steps.end) note("end");
  }
  [[nodiscard]] core::Instant now() const { return core::Instant(1h + time); }
  void note(const std::string& what) {
    const auto tenths = std::chrono::duration_cast<std::chrono::microseconds>(time).count() / 100;
    done.push_back(what + "@" + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10));
  }

  Guard guard;
  GuardView view;
  core::Duration time{};
  core::Instant look_again{};
  int looks = 0;
  core::Instant let_go_at = core::Instant::min();
  bool is_beating = true;
  bool is_frozen = false;
  bool is_poked = false;
  bool was_dead = false;
  bool dies_when_killed = true;
  std::vector<std::string> done;
};

TEST(GuardTest, ADaemonThatBeatsIsLeftAloneAndTheGuardSleepsForStale) {
  World world;
  world.run_until(10s);
  EXPECT_THAT(world.done, testing::IsEmpty());
  EXPECT_LE(world.looks, 10s / kStale + 5);
}

TEST(GuardTest, ADeathIsAFarewellTheHandOverAndTheRemoval) {
  World world;
  world.run_until(50ms);
  world.view.is_dead = true;
  world.run_until(100ms);
  EXPECT_THAT(world.done, testing::ElementsAre("will@50.0", "will@51.0", "let go@53.0",
                                               "will@53.0", "end@53.0"));
}

TEST(GuardTest, WithoutHandOverTheAddressesGoAtOnce) {
  World world;
  world.view.hand_over = {};
  world.run_until(50ms);
  world.view.is_dead = true;
  world.run_until(100ms);
  EXPECT_THAT(world.done, testing::ElementsAre("will@50.0", "let go@50.0", "will@51.0",
                                               "will@52.0", "end@52.0"));
}

TEST(GuardTest, AHangIsFencedFirstAndKilledInTheEnd) {
  World world;
  world.run_until(50ms);
  world.is_beating = false;  // the last beat was at 49
  world.run_until(2s);
  EXPECT_THAT(world.done,
              testing::ElementsAre("fence@149.1", "will@149.1", "will@150.1", "let go@152.1",
                                   "will@152.1", "kill@1149.1", "will@1149.2", "will@1150.2",
                                   "let go@1152.2", "will@1152.2", "end@1152.2"));
}

TEST(GuardTest, ADaemonThatWakesAndAcknowledgesIsWatchedAgain) {
  World world;
  world.run_until(50ms);
  for (int i = 0; i < 3; ++i) {
    world.is_beating = false;
    world.done.clear();
    world.run_until(world.time + 500ms);
    EXPECT_EQ(world.guard.state(), Guard::State::fenced);
    world.is_beating = true;
    world.run_until(world.time + 2s);
    EXPECT_EQ(world.guard.state(), Guard::State::watching);
    EXPECT_EQ(world.done.size(), 6U) << testing::PrintToString(world.done);
    EXPECT_THAT(world.done.back(), testing::StartsWith("acknowledged"));
  }
}

TEST(GuardTest, ADaemonThatWakesDuringTheFarewellRemovesItsAddressesItself) {
  World world;
  world.view.hand_over = 50ms;
  world.run_until(50ms);
  world.is_beating = false;
  world.run_until(160ms);
  world.is_beating = true;
  world.run_until(1s);
  EXPECT_THAT(world.done, testing::ElementsAre("fence@149.1", "will@149.1", "will@150.1",
                                               "acknowledged@160.0"));
}

// A pause of the whole machine that is a little longer than `stale`: the guard may wake first.
TEST(GuardTest, AGuardThatWasLateItselfGivesTheDaemonAsMuch) {
  Guard guard;
  const auto beat = core::Instant(1h);
  GuardView view{.now = beat, .beat_at = beat, .stale = kStale};
  ASSERT_EQ(guard.step(view).look_again, beat + kStale + 1ns);
  view.now = beat + kStale + 20ms;
  auto steps = guard.step(view);
  EXPECT_FALSE(steps.raise_fence);
  EXPECT_EQ(steps.look_again, view.now + 20ms - 1ns);
  view.now += 50ms;  // late once more: that was its grace
  EXPECT_TRUE(guard.step(view).raise_fence);
}

TEST(GuardTest, AGuardThatWasStoppedBeforeItsFenceTakesItBack) {
  Guard guard;
  GuardView view{.now = core::Instant(1h), .beat_at = core::Instant(1h - 150ms), .stale = kStale};
  ASSERT_TRUE(guard.step(view).raise_fence);
  view.is_fence_up = true;
  view.now = core::Instant(2h);
  view.beat_at = view.now - 1ms;
  const auto steps = guard.step(view);
  EXPECT_TRUE(steps.lower_fence);
  EXPECT_FALSE(steps.send_will || steps.let_go || steps.kill);
  EXPECT_EQ(guard.state(), Guard::State::watching);
}

TEST(GuardTest, BothFrozenTheDaemonGetsOneStaleToBeat) {
  for (const bool wakes : {true, false}) {
    World world;
    world.run_until(50ms);
    world.is_beating = false;
    world.is_frozen = true;
    world.run_until(5s);
    world.is_frozen = false;
    world.run_until(5s + 10ms);
    EXPECT_THAT(world.done, testing::IsEmpty());
    world.is_beating = wakes;
    world.run_until(5s + 500ms);
    if (wakes) {
      EXPECT_THAT(world.done, testing::IsEmpty());
    } else {
      EXPECT_EQ(world.done.front(), "fence@5100.0");
    }
  }
}

TEST(GuardTest, BothFrozenWhileFencedTheDaemonGetsTheTimeToAcknowledge) {
  World world;
  world.run_until(50ms);
  world.is_beating = false;
  world.run_until(500ms);
  world.is_frozen = true;
  world.run_until(5s);
  world.is_frozen = false;
  world.run_until(5s + 20ms);
  world.is_beating = true;
  world.run_until(6s);
  EXPECT_EQ(world.done.back(), "acknowledged@5020.0");
}

TEST(GuardTest, AGuardThatIsAlwaysLateStillActs) {
  World world;
  world.run_until(50ms);
  world.is_beating = false;
  for (int i = 0; i < 3; ++i) {
    world.is_frozen = true;
    world.run_until(world.time + 300ms);
    world.is_frozen = false;
    world.run_until(world.time + 5ms);
  }
  EXPECT_THAT(world.done, testing::Contains(testing::StartsWith("let go")));
}

TEST(GuardTest, WhatCouldNotBeRemovedIsTriedAgainForABoundedTime) {
  World world;
  world.view.is_clean = false;
  world.run_until(50ms);
  world.view.is_dead = true;
  world.run_until(5s);
  EXPECT_EQ(world.done.size(), Guard::kRemovalsMax + Guard::kWills + 1);
  EXPECT_THAT(world.done.back(), testing::StartsWith("end"));
}

TEST(GuardTest, ADaemonThatLeavesCleanlyNeedsNothing) {
  World world;
  world.run_until(50ms);
  world.view.is_leaving = true;
  world.view.is_dead = true;
  world.run_until(60ms);
  EXPECT_THAT(world.done, testing::ElementsAre("end@50.0"));
}

TEST(GuardTest, WithoutStaleOnlyADeathCounts) {
  World world;
  world.view.stale = {};
  world.run_until(50ms);
  world.is_beating = false;
  world.run_until(10s);
  EXPECT_THAT(world.done, testing::IsEmpty());
  world.view.is_dead = true;
  world.run_until(11s);
  EXPECT_EQ(world.done.front(), "will@10000.0");
}

// Whatever happens: World asks that nothing is taken from a daemon that beats; and a daemon that
// hangs or died beside a guard that runs has lost its addresses within the bound.
TEST(GuardTest, InAnyStoryNothingIsTakenFromTheLivingAndNothingLeftToTheHung) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    core::Rng rng(seed);
    World world;
    world.dies_when_killed = rng.below(2) == 0;
    auto silent_since = world.now();
    for (int chapter = 0; chapter < 30 && world.guard.state() != Guard::State::done; ++chapter) {
      const bool was_beating = world.is_beating;
      world.is_beating = !world.view.is_dead && rng.below(2) == 0;
      if (was_beating) silent_since = world.now();
      world.is_frozen = rng.below(4) == 0;
      if (!world.view.is_dead && rng.below(40) == 0) world.view.is_dead = true;
      if (world.view.is_dead) world.is_beating = false;
      world.run_until(world.time + std::chrono::milliseconds(rng.below(400)));
    }
    world.is_beating = false;
    if (world.guard.state() == Guard::State::done) continue;
    world.is_frozen = false;
    // Its own lateness may cost one more `stale`.
    world.run_until(world.time + 2 * kStale + kHandOver + 10ms);
    EXPECT_GE(world.let_go_at, silent_since) << seed << testing::PrintToString(world.done);
  }
}

}  // namespace
}  // namespace vippy::hall
