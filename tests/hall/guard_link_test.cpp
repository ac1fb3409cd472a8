// What GuardLink does without a namespace; tests/netns/guard_test.cpp has the rest.
#include "guard_link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "tests/hall/fake_guard.h"

namespace vippy::hall {
namespace {

using namespace std::chrono_literals;

// The clock that the real guard reads.
core::Instant now() { return core::Instant(std::chrono::steady_clock::now().time_since_epoch()); }

GuardLink make_link() { return GuardLink(platform::make_guard_process(sizeof(Board))); }

std::vector<std::string> notices(GuardLink& link) {
  std::vector<std::string> out;
  while (const auto notice = link.take_notice()) out.push_back(notice->text);
  return out;
}

template <typename Condition>
bool beat_until(GuardLink& link, Condition&& is_done) {
  const auto end = now() + 20s;
  while (!is_done() && now() < end) {
    link.beat(now());
    ::poll(nullptr, 0, 1);
  }
  return is_done();
}

TEST(GuardLinkTest, WithoutTheProgramItSaysSoAndTheDaemonGoesOn) {
  auto link = make_link();
  EXPECT_FALSE(link.start({.program = "/nowhere/vippy-guard"}, now()));
  EXPECT_THAT(notices(link), testing::ElementsAre(testing::StartsWith("no guard: ")));
  link.beat(now());
  EXPECT_FALSE(link.is_guarded());
  core::Status status;
  link.show(status, now());
  EXPECT_TRUE(status.troubles.empty()) << "one may be on its way";
  link.show(status, now() + 2s);
  EXPECT_EQ(status.guard.value().process, std::nullopt);
  ASSERT_EQ(status.troubles.size(), 1U);
  EXPECT_THAT(status.troubles[0].text, testing::StartsWith("no guard runs: "));
  EXPECT_EQ(link.restarts(), 0U);
}

TEST(GuardLinkTest, AProgramThatEndsAtOnceIsTriedAgainMoreAndMoreRarely) {
  auto link = make_link();
  ASSERT_TRUE(link.start({.program = "/bin/true"}, now()));
  EXPECT_TRUE(beat_until(link, [&] { return link.restarts() >= 3; }));
  const auto begin = now();
  EXPECT_TRUE(beat_until(link, [&] { return link.restarts() >= 4; }));
  EXPECT_GE(now() - begin, 150ms);
  EXPECT_FALSE(link.is_guarded());
  EXPECT_THAT(notices(link), testing::Contains("the guard ended unexpectedly: another one is "
                                               "started"));
}

TEST(GuardLinkTest, TheGuardBesideTheProgramIsStartedAndGoesWithAnOrderlyEnd) {
  auto link = make_link();
  ASSERT_TRUE(link.start({.program = VIPPY_BINARY_DIR "/vippy-guard"}, now()));
  EXPECT_TRUE(beat_until(link, [&] { return link.is_guarded(); }));
  core::Status status;
  link.show(status, now() + 2s);
  EXPECT_EQ(status.guard.value().process, link.guard_process());
  EXPECT_TRUE(status.troubles.empty());
  EXPECT_THAT(notices(link), testing::Contains("guarded by process " +
                                               std::to_string(link.guard_process())));
  const auto guard = link.guard_process();
  link.leave_cleanly();
  EXPECT_TRUE(beat_until(link, [&] {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(guard), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == guard && info.si_code == CLD_EXITED && info.si_status == 0;
  }));
  EXPECT_EQ(link.restarts(), 0U);
}

TEST(GuardLinkTest, AddressesAreHeldOnceAndSlotsAreUsedAgain) {
  auto link = make_link();
  const auto one = *core::parse_prefix("10.1.0.1/24");
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(link.holding({1, one}));
    ASSERT_TRUE(link.holding({1, one}));
    link.let_go({1, one});
    link.let_go({1, one});
  }
  const auto first = core::parse_ip("10.0.0.0").value();
  for (std::size_t i = 0; i < core::kVipsMax; ++i) {
    ASSERT_TRUE(link.holding({1, {core::add(first, i), 8}})) << i;
  }
  EXPECT_FALSE(link.holding({2, one}));
  EXPECT_FALSE(link.holding({2, one}));
  EXPECT_EQ(notices(link).size(), 1U);
  link.let_go({1, {first, 8}});
  EXPECT_TRUE(link.holding({2, one}));
}

TEST(GuardLinkTest, SaysWhenTheNextBeatIsDue) {
  auto link = make_link();
  link.set_times({.stale = 400ms, .kill_after = 1s, .hand_over = 3ms});
  EXPECT_EQ(link.beat_by(), core::Instant::max()) << "no guard is wanted";
  ASSERT_TRUE(link.start({.program = VIPPY_BINARY_DIR "/vippy-guard"}, now()));
  const auto at = now();
  link.beat(at);
  EXPECT_EQ(link.beat_by(), at + 150ms);
  link.leave_cleanly();
  EXPECT_EQ(link.beat_by(), core::Instant::max());
}

TEST(GuardLinkTest, WithoutAFenceNothingWasFenced) {
  auto link = make_link();
  EXPECT_FALSE(link.was_fenced(now()));
  EXPECT_EQ(link.fences(), 0U);
}

TEST(GuardLinkTest, AGuardThatStandsStillIsNamedUntilItLooksAgain) {
  std::vector<std::byte> memory(sizeof(Board));
  ASSERT_NE(make_board(memory), nullptr);
  GuardState guard{.fitness = platform::Fitness{}};
  GuardLink link(std::make_unique<FakeGuard>(memory, guard));
  auto time = core::Instant(50s);
  link.set_times({.stale = 100ms, .kill_after = 1s, .hand_over = 3ms});
  ASSERT_TRUE(link.start({.name = "x"}, time));
  const auto beat_for = [&](core::Duration duration) {
    for (const auto until = time + duration; time < until; time += 10ms) link.beat(time);
  };
  const auto troubles = [&] {
    core::Status status;
    link.show(status, time);
    return status.troubles.size();
  };
  const auto says_it = testing::Contains(testing::StartsWith("the guard stands still: "));
  beat_for(10ms);
  guard.fitness.reset();  // said once
  beat_for(2s);
  time += 1h;  // the whole machine stood still
  link.beat(time);
  EXPECT_THAT(notices(link), testing::Not(says_it));
  guard.stands_still = true;
  beat_for(900ms);
  EXPECT_EQ(troubles(), 0U);
  beat_for(400ms);
  EXPECT_THAT(notices(link), says_it);
  EXPECT_EQ(troubles(), 1U);
  guard.stands_still = false;
  beat_for(200ms);
  EXPECT_THAT(notices(link), testing::ElementsAre("the guard looks after vippyd again"));
  EXPECT_EQ(troubles(), 0U);
}

TEST(GuardLinkTest, AFenceSaysHowLongTheGuardWouldHaveWaited) {
  std::vector<std::byte> memory(sizeof(Board));
  ASSERT_NE(make_board(memory), nullptr);
  const GuardState guard;
  GuardLink link(std::make_unique<FakeGuard>(memory, guard));
  link.set_times({.stale = 100ms, .kill_after = 1s, .hand_over = 3ms});
  auto& board = *find_board(memory);
  const auto woke = core::Instant(50s);
  EXPECT_EQ(link.was_fenced(woke), std::nullopt);
  for (const auto ago : {1ms, 3ms, 90ms}) {
    board.fenced_at = (woke - ago).time_since_epoch().count();
    ASSERT_TRUE(raise_fence(board));
    EXPECT_EQ(link.was_fenced(woke), std::max<core::Duration>(3ms - ago, 0ms));
    EXPECT_EQ(link.was_fenced(woke), std::nullopt) << "told once";
  }
}

}  // namespace
}  // namespace vippy::hall
