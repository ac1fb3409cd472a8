#include "platform/linux/loop_select.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

// From now on this system call fails with this error, as container runtimes have it.
bool refuse(std::uint32_t call, int os_error) {
  std::array<sock_filter, 4> filter = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(os_error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{filter.size(), filter.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool refuse_io_uring(int os_error) { return refuse(SYS_io_uring_setup, os_error); }

bool has(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
  return text.find(part) != std::string::npos;
}

TEST(LoopSelectTest, ReadsTheThreeChoices) {
  EXPECT_EQ(parse_loop_choice("auto"), LoopChoice::automatic);
  EXPECT_EQ(parse_loop_choice("io_uring"), LoopChoice::io_uring);
  EXPECT_EQ(parse_loop_choice("epoll"), LoopChoice::epoll);
  EXPECT_FALSE(parse_loop_choice("kqueue"));
  EXPECT_FALSE(parse_loop_choice(""));
}

TEST(LoopSelectTest, TheEnvironmentCountsOnlyForAutomatic) {
  EXPECT_EQ(select_loop(LoopChoice::automatic, "epoll").loop->name(), "epoll");
  EXPECT_EQ(select_loop(LoopChoice::automatic, "io_uring").loop->name(), "io_uring");
  EXPECT_EQ(select_loop(LoopChoice::automatic, "auto").loop->name(), "io_uring");
  EXPECT_EQ(select_loop(LoopChoice::automatic, "").loop->name(), "io_uring");
  EXPECT_EQ(select_loop(LoopChoice::io_uring, "epoll").loop->name(), "io_uring");
  const auto wrong = select_loop(LoopChoice::automatic, "kqueue");
  EXPECT_EQ(wrong.loop, nullptr);
  has(wrong.text, "VIPPY_LOOP");
}

TEST(LoopSelectTest, ARefusedRingFallsBackAndSaysWhy) {
  const std::pair<int, std::string> cases[] = {
      {EPERM, "EPERM: refused by a seccomp profile"},
      {ENOSYS, "ENOSYS: kernel "},
      {ENOMEM, "raise LimitMEMLOCK"},
      {EINVAL, "is too old; 6.0 or newer"},
  };
  for (const auto& [os_error, why] : cases) {
    EXPECT_EQ(support::run_in_child([os_error = os_error, why = why] {
                if (!refuse_io_uring(os_error)) return false;
                const auto selected = select_loop(LoopChoice::automatic, nullptr);
                return selected.loop != nullptr && selected.loop->name() == "epoll" &&
                       selected.is_fallback &&
                       has(selected.text, "epoll is used: io_uring refused") &&
                       has(selected.text, why);
              }),
              0)
        << os_error;
  }
}

TEST(LoopSelectTest, AForcedRingThatIsRefusedIsAnError) {
  EXPECT_EQ(support::run_in_child([] {
              if (!refuse_io_uring(EPERM)) return false;
              LinuxOptions options;
              options.loop = LoopChoice::io_uring;
              const auto made = make_linux_platform(std::move(options));
              return !made && has(made.error().text, "io_uring refused at io_uring_setup: EPERM");
            }),
            0);
}

TEST(LoopSelectTest, TheFallbackIsAWorkingPlatformWithANotice) {
  EXPECT_EQ(support::run_in_child([] {
              ::unsetenv("VIPPY_LOOP");
              const auto netns = support::Netns::fresh();
              if (!refuse_io_uring(EPERM)) return false;
              Session session(LoopChoice::automatic);
              return session.platform().name() == "linux/epoll" && session.until_tables() &&
                     session.has_notice("epoll is used: io_uring refused at io_uring_setup: EPERM");
            }),
            0);
}

TEST(LoopSelectTest, EpollMeetsDeadlinesAlsoWhereEpollPwait2IsRefused) {
  EXPECT_EQ(support::run_in_child([] {
              const auto netns = support::Netns::fresh();
              if (!refuse(SYS_epoll_pwait2, ENOSYS)) return false;
              Session session(LoopChoice::epoll);
              if (!session.until_tables()) return false;
              std::array<Event, 16> events;
              // A busy machine is late now and then; whole milliseconds would be late always.
              return session.once([&] {
                const auto deadline = session.platform().now() + std::chrono::microseconds(300);
                const auto count = session.platform().wait(deadline, events);
                const auto late = session.platform().now() - deadline;
                return count == 0 && late >= core::Duration{} &&
                       late < std::chrono::microseconds(200);
              });
            }),
            0);
}

TEST(LoopSelectTest, AProcessOutOfDescriptorsIsToldSo) {
  EXPECT_EQ(support::run_in_child([] {
              const rlimit none{3, 3};
              ::setrlimit(RLIMIT_NOFILE, &none);
              const auto selected = select_loop(LoopChoice::automatic, nullptr);
              return selected.loop == nullptr && has(selected.text, "EMFILE");
            }),
            0);
}

}  // namespace
}  // namespace vippy::platform
