#include <cap-ng.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <sstream>
#include <thread>

#include "platform/host.h"
#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

// KiB of this process that are locked.
long locked_kib() {
  std::istringstream text(support::read_file("/proc/self/status"));
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with("VmLck:")) return std::stol(line.substr(6));
  }
  return -1;
}

int priority() {
  sched_param parameters{};
  ::sched_getparam(0, &parameters);
  return parameters.sched_priority;
}

rlim_t limit(int resource) {
  rlimit value{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &value);
  return value.rlim_max;
}

bool can(unsigned capability) {
  EXPECT_EQ(::capng_get_caps_process(), 0);
  return ::capng_have_capability(CAPNG_EFFECTIVE, capability) != 0;
}

// What this process is to get: containers withhold the one, the other or both.
bool may_be_realtime(rlim_t wanted) {
  rlimit value{};
  ::getrlimit(RLIMIT_RTPRIO, &value);
  return can(CAP_SYS_NICE) || value.rlim_cur >= wanted;
}
bool may_lock() {
  return can(CAP_SYS_RESOURCE) || limit(RLIMIT_MEMLOCK) == RLIM_INFINITY;
}

// A user with these limits at most.
void give_up(rlim_t realtime, rlim_t memory) {
  const auto lower = [](auto resource, rlim_t wanted) {
    const auto value = std::min(wanted, limit(resource));
    const rlimit both{value, value};
    EXPECT_EQ(::setrlimit(resource, &both), 0);
  };
  lower(RLIMIT_RTPRIO, realtime);
  lower(RLIMIT_MEMLOCK, memory);
  ::capng_clear(CAPNG_SELECT_CAPS);
  EXPECT_EQ(::capng_apply(CAPNG_SELECT_CAPS), 0);
}

// Applies it and compares what was had, and said, with what this process may have.
void expect_applied(const Scheduling& wanted) {
  const bool is_realtime = wanted.realtime_priority != 0;
  const bool gets_realtime = is_realtime && may_be_realtime(wanted.realtime_priority);
  const bool gets_lock = wanted.lock_memory && may_lock();
  const auto earlier = priority();
  const auto texts = apply_scheduling(wanted);
  std::string all;
  for (const auto& text : texts) all += text + "\n";
  EXPECT_EQ(all.find("realtime priority") != std::string::npos, is_realtime && !gets_realtime)
      << all;
  EXPECT_EQ(all.find("memory is not locked") != std::string::npos,
            wanted.lock_memory && !gets_lock)
      << all;
  EXPECT_EQ(locked_kib() > 0, gets_lock) << locked_kib();
  if (is_realtime && !gets_realtime) {
    EXPECT_EQ(priority(), earlier) << "the earlier one stays";
  } else {
    EXPECT_EQ(priority(), static_cast<int>(wanted.realtime_priority));
    EXPECT_EQ(::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK,
              gets_realtime ? SCHED_FIFO : SCHED_OTHER);
  }
}

bool has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
  return text.find(part) != std::string::npos;
}

constexpr rlim_t kMegabyte = 1U << 20U;

TEST(SchedulingTest, GivesRealtimeAndLockedMemoryAndTakesThemBack) {
  EXPECT_EQ(support::run_in_child([] {
              for (const Scheduling wanted : {Scheduling{10, true}, {20, true}, {20, false},
                                              {0, true}, {30, false}, {}}) {
                expect_applied(wanted);
              }
              return true;
            }),
            0);
}

TEST(SchedulingTest, WhatIsStartedDoesNotInheritIt) {
  EXPECT_EQ(support::run_in_child([] {
              expect_applied({10, false});
              return support::run_in_child([] { return ::sched_getscheduler(0) == SCHED_OTHER; }) ==
                     0;
            }),
            0);
}

TEST(SchedulingTest, MemoryGrowsAlsoAfterPrivilegesAreGone) {
  EXPECT_EQ(support::run_in_child([] {
              const bool is_locked = may_lock();
              expect_applied({0, true});
              ::capng_clear(CAPNG_SELECT_CAPS);
              EXPECT_EQ(::capng_apply(CAPNG_SELECT_CAPS), 0);
              const auto big = std::make_unique<std::string>(64 * kMegabyte, 'x');
              EXPECT_EQ(locked_kib() > 64 * 1024, is_locked);
              return big->back() == 'x';
            }),
            0);
}

TEST(SchedulingTest, EachThatCannotBeHadIsSaidWithItsRemedy) {
  EXPECT_EQ(support::run_in_child([] {
              give_up(0, kMegabyte);
              const auto texts = apply_scheduling({10, true});
              EXPECT_EQ(texts.size(), 2U);
              EXPECT_EQ(::sched_getscheduler(0), SCHED_OTHER);
              EXPECT_EQ(locked_kib(), 0);
              return texts.size() == 2 && has(texts[0], "realtime priority 10 is refused: EPERM") &&
                     has(texts[0], "LimitRTPRIO=10") && has(texts[0], "RestrictRealtime=no") &&
                     has(texts[1], "memory is not locked") &&
                     has(texts[1], "LimitMEMLOCK=infinity");
            }),
            0);
}

TEST(SchedulingTest, LimitsAreEnoughWithoutPrivileges) {
  EXPECT_EQ(support::run_in_child([] {
              give_up(15, RLIM_INFINITY);
              for (const Scheduling wanted : {Scheduling{15, true}, {16, false}, {}}) {
                expect_applied(wanted);
              }
              return true;
            }),
            0);
}

TEST(SchedulingTest, WhatTheOperatorChoseStays) {
  EXPECT_EQ(support::run_in_child([] {
              sched_param parameters{};
              parameters.sched_priority = 5;
              const bool is_set = ::sched_setscheduler(0, SCHED_RR, &parameters) == 0;
              EXPECT_EQ(is_set, may_be_realtime(5));
              EXPECT_EQ(apply_scheduling({}), std::vector<std::string>{});
              return ::sched_getscheduler(0) == (is_set ? SCHED_RR : SCHED_OTHER);
            }),
            0);
}

TEST(SchedulingTest, APriorityThatDoesNotExistIsSaid) {
  EXPECT_EQ(support::run_in_child([] {
              const auto texts = apply_scheduling({100, false});
              return texts.size() == 1 && has(texts[0], "does not exist: choose 1 to 99") &&
                     ::sched_getscheduler(0) == SCHED_OTHER;
            }),
            0);
}

// This thread, and those that it makes, take turns on one processor for as long as this lives.
class OnOneProcessor {
 public:
  OnOneProcessor() {
    ::sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    const sched_param fifo{1};
    is_fixed_ = ::sched_setaffinity(0, sizeof(one), &one) == 0 &&
                ::sched_setscheduler(0, SCHED_FIFO, &fifo) == 0;
  }
  ~OnOneProcessor() {
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_OTHER, &none);
    ::sched_setaffinity(0, sizeof(before_), &before_);
  }
  OnOneProcessor(const OnOneProcessor&) = delete;
  OnOneProcessor& operator=(const OnOneProcessor&) = delete;
  [[nodiscard]] bool is_fixed() const { return is_fixed_; }

 private:
  cpu_set_t before_{};
  bool is_fixed_ = false;
};

class BusyPlatformTest : public ::testing::TestWithParam<LoopChoice> {};

// Two vippyd of the same priority: one that has work for a long time must not silence the other.
TEST_P(BusyPlatformTest, OthersOfItsPriorityRunBetweenItsTurns) {
  auto netns = support::Netns::fresh();
  Session session(GetParam());
  ASSERT_TRUE(session.until_tables());
  const OnOneProcessor together;
  if (!together.is_fixed()) GTEST_SKIP() << "no right to a real-time priority";
  std::atomic<bool> has_run = false;
  std::thread other([&] { has_run = true; });
  for (int i = 0; i < 1'000 && !has_run; ++i) session.pump({});
  const bool was_let_run = has_run;
  other.join();
  EXPECT_TRUE(was_let_run);
}

INSTANTIATE_TEST_SUITE_P(Loops, BusyPlatformTest,
                         ::testing::Values(LoopChoice::io_uring, LoopChoice::epoll),
                         [](const auto& loop) {
                           return loop.param == LoopChoice::epoll ? "epoll" : "io_uring";
                         });

}  // namespace
}  // namespace vippy::platform
