// A process that was stopped in its wait and goes on (SIGSTOP, SIGCONT): both loops.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <string>

#include "platform/linux/clock_linux.h"
#include "platform/linux/loop.h"

namespace vippy::platform {
namespace {

using namespace std::chrono_literals;
using Make = std::unique_ptr<Loop> (*)(std::string*);

class LoopStoppedTest : public ::testing::TestWithParam<Make> {};

// Waits once, and ends with 0 when that told of what had come.
[[noreturn]] void wait_once(Make make, int socket, int ready) {
  std::string cause;
  const auto loop = make(&cause);
  if (!loop || loop->watch(socket, 7, Interest::read) != 0) ::_exit(2);
  Ready out;
  for (int i = 0; i < 3; ++i) static_cast<void>(loop->wait(monotonic_now(), out));  // its start
  if (!out.tokens.empty() || ::write(ready, "r", 1) != 1) ::_exit(3);
  if (loop->wait(monotonic_now() + 20s, out) != 0) ::_exit(4);
  ::_exit(out.tokens.empty() ? 1 : 0);
}

bool sleeps(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  return name_end != std::string::npos && line.size() > name_end + 2 && line[name_end + 2] == 'S';
}

// Or it would judge others by their silence before it has heard what they said meanwhile.
TEST_P(LoopStoppedTest, TellsOfWhatHasComeMeanwhileInItsFirstWait) {
  std::array<int, 2> talk{};
  std::array<int, 2> ready{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, talk.data()), 0);
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) wait_once(GetParam(), talk[0], ready[1]);
  char octet = 0;
  ASSERT_EQ(::read(ready[0], &octet, 1), 1);
  for (const auto until = monotonic_now() + 20s; !sleeps(child);) {
    ASSERT_LT(monotonic_now(), until);
    ::sched_yield();
  }
  ::kill(child, SIGSTOP);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status));
  ASSERT_EQ(::send(talk[1], "x", 1, 0), 1);
  ::kill(child, SIGCONT);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  for (const int fd : {talk[0], talk[1], ready[0], ready[1]}) ::close(fd);
}

INSTANTIATE_TEST_SUITE_P(Loops, LoopStoppedTest,
                         ::testing::Values(&make_uring_loop, &make_epoll_loop));

}  // namespace
}  // namespace vippy::platform
