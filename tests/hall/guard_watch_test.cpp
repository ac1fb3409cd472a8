// The guard at work on a real board, with a host that does what the test says.
#include "guard_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

namespace vippy::hall {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

platform::HeldAddress held(const char* prefix) { return {2, *core::parse_prefix(prefix)}; }

// Each batch removes one address. What was done is a list: "send 10.0.0.9 bye", "find 2 tagged".
class FakeHost final : public platform::GuardHost {
 public:
  std::span<std::byte> board() override { return {}; }
  platform::Fitness prepare(std::string_view) override { return {}; }
  void report(const platform::Fitness&) override {}
  int set_priority(int priority) override {
    done.push_back("priority " + std::to_string(priority));
    return 0;
  }
  void keep_in_memory(std::span<const std::byte>) override {}
  core::Instant now() const override { return time; }
  bool wait(core::Instant) override { return false; }
  int send(const platform::WillTarget& target, std::span<const std::uint8_t> bytes) override {
    done.push_back("send " + core::format(target.address) + " " +
                   std::string(bytes.begin(), bytes.end()));
    return 0;
  }
  int find(std::span<const platform::HeldAddress> held, bool needs_tag) override {
    left = held.size();
    done.push_back("find " + std::to_string(left) + (needs_tag ? " tagged" : ""));
    return 0;
  }
  platform::Removed remove_some(std::span<const platform::HeldAddress>) override {
    if (left == 0) return {0, 0, true};
    done.push_back("remove");
    if (on_removal) on_removal();
    if (refuses != 0) return {0, refuses, false};
    return {1, 0, --left == 0};
  }
  void kill_daemon() override { done.push_back("kill"); }
  void say(std::string_view line) override { done.emplace_back(line); }

  std::vector<std::string> take() { return std::exchange(done, {}); }

  core::Instant time{100s};
  std::size_t left = 0;
  int refuses = 0;
  std::function<void()> on_removal;
  std::vector<std::string> done;
};

class GuardWatchTest : public testing::Test {
 protected:
  GuardWatchTest() {
    board->stale = core::Duration(100ms).count();
    board->kill_after = core::Duration(1s).count();
    board->hand_over = core::Duration(3ms).count();
    board->has_tags = 1;
    beat();
    const std::string farewell = "bye";
    board->will.publish({reinterpret_cast<const std::uint8_t*>(farewell.data()), 3});
    const std::array targets{platform::WillTarget{.address = *core::parse_ip("10.0.0.9")},
                             platform::WillTarget{.address = *core::parse_ip("fd00::9")}};
    board->route.publish(
        {reinterpret_cast<const std::uint8_t*>(targets.data()), sizeof(targets)});
    board->held[0].put(held("10.0.1.1/24"));
    board->held[2].put(held("10.0.1.2/24"));
    board->held_end = 3;
  }
  void beat() { board->beat_at = host.time.time_since_epoch().count(); }
  // Turns until time would have to go on.
  std::optional<core::Instant> turn(bool is_dead = false) {
    auto until = watch->turn(is_dead);
    while (until && *until <= host.time) until = watch->turn(is_dead);
    return until;
  }

  std::vector<std::byte> memory = std::vector<std::byte>(sizeof(Board));
  Board* board = make_board(memory);
  FakeHost host;
  std::unique_ptr<GuardWatch> watch = std::make_unique<GuardWatch>(host, *board);
};

TEST_F(GuardWatchTest, ADeathIsToldToEveryTargetAndWhatIsOnTheBoardGoesAfterTheHandOver) {
  EXPECT_EQ(turn(), host.time + 100ms + core::Duration(1));
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(turn(true), host.time + 1ms);
  EXPECT_THAT(host.take(), ElementsAre("send 10.0.0.9 bye", "send fd00::9 bye"));
  host.time += 3ms;
  EXPECT_EQ(turn(true), host.time + 1ms);
  EXPECT_THAT(host.take(), ElementsAre("send 10.0.0.9 bye", "send fd00::9 bye", "find 2 tagged",
                                       "remove", "remove"));
  EXPECT_EQ(board->removed.load(), 2U);
  host.time += 1ms;
  EXPECT_EQ(turn(true), std::nullopt) << "its work is done";
  EXPECT_THAT(host.take(),
              ElementsAre("send 10.0.0.9 bye", "send fd00::9 bye",
                          "vippy-guard: vippyd ended without a word: its guard has said for it "
                          "that this node leaves and removed 2 addresses"));
}

TEST_F(GuardWatchTest, ADaemonThatAcknowledgesBetweenTwoBatchesKeepsTheRest) {
  host.time += 101ms;
  EXPECT_EQ(turn(), host.time + 1ms);
  EXPECT_TRUE(is_fence_up(*board));
  EXPECT_EQ(board->fenced_at.load(), host.time.time_since_epoch().count());
  host.take();
  host.on_removal = [this] {
    beat();
    EXPECT_TRUE(lower_fence(*board));
  };
  host.time += 3ms;
  EXPECT_EQ(turn(), host.time + 100ms + core::Duration(1)) << "it watches again";
  EXPECT_THAT(host.take(), ElementsAre("send 10.0.0.9 bye", "send fd00::9 bye", "find 2 tagged",
                                       "remove"));
}

TEST_F(GuardWatchTest, ADaemonThatHangsOnIsKilled) {
  host.time += 101ms;
  auto until = turn();
  while (host.done.back() != "kill" && *until < core::Instant(105s)) {
    host.time = *until;
    until = turn();
  }
  EXPECT_EQ(host.done.back(), "kill");
  EXPECT_EQ(host.time, core::Instant(100s) + 101ms + 1s);
}

TEST_F(GuardWatchTest, TheLastWordsTellAHangFromADeath) {
  host.time += 101ms;
  auto until = turn();
  while (host.done.back() != "kill") {
    host.time = *until;
    until = turn();
  }
  until = turn(true);
  while (until) {
    host.time = *until;
    until = turn(true);
  }
  EXPECT_THAT(host.done.back(), testing::StartsWith("vippy-guard: vippyd hung and was killed: "));
}

TEST_F(GuardWatchTest, WhatTheSystemRefusesIsOnTheBoardAndTriedAgain) {
  host.refuses = 1;
  turn(true);
  host.time += 3ms;
  turn(true);
  EXPECT_EQ(board->removal_error.load(), 1);
  EXPECT_EQ(board->removed.load(), 0U);
  host.refuses = 0;
  host.time += 10ms;
  turn(true);
  EXPECT_EQ(board->removal_error.load(), 0);
  EXPECT_EQ(board->removed.load(), 2U);
}

TEST_F(GuardWatchTest, ADaemonThatLeavesCleanlyNeedsNobody) {
  board->is_leaving = 1;
  EXPECT_EQ(turn(true), std::nullopt);
  EXPECT_TRUE(host.take().empty());
}

TEST_F(GuardWatchTest, FollowsThePriorityOfItsDaemon) {
  turn();
  board->priority = 20;
  turn();
  turn();
  board->priority = 0;
  turn();
  EXPECT_THAT(host.take(), ElementsAre("priority 20", "priority 0"));
}

}  // namespace
}  // namespace vippy::hall
