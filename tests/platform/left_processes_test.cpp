#include "platform/linux/left_processes.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "platform/linux/signals.h"

namespace vippy::platform {
namespace {

TEST(LeftProcessesTest, AChildThatWasLeftIsCollectedWhenItEnds) {
  Signals signals;
  ASSERT_EQ(signals.open(), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) ::_exit(0);
  leave_process(child);
  pollfd told{signals.descriptor(), POLLIN, 0};
  ASSERT_EQ(::poll(&told, 1, 20'000), 1);
  std::vector<Event> events;
  signals.read(events);
  EXPECT_TRUE(events.empty());
  EXPECT_EQ(::waitpid(child, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace vippy::platform
