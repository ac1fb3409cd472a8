#include "platform/linux/stream_listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

TEST(StreamListenerTest, TwoThatStartTogetherInOneDirectoryBothOpen) {
  const support::TempDirectory directory;
  const auto open_and_close = [&](int number) {
    for (int i = 0; i < 300; ++i) {
      StreamListener listener;
      EXPECT_EQ(listener.open(directory.path() + "/" + std::to_string(number), 0600), 0);
    }
  };
  std::thread other(open_and_close, 1);
  open_and_close(2);
  other.join();
}

TEST(StreamListenerTest, ALockThatStaysIsNotWaitedFor) {
  const support::TempDirectory directory;
  const int held = ::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(::flock(held, LOCK_EX), 0);
  StreamListener listener;
  EXPECT_EQ(listener.open(directory.path() + "/socket", 0600), EAGAIN);
  ::close(held);
  EXPECT_EQ(listener.open(directory.path() + "/socket", 0600), 0);
}

}  // namespace
}  // namespace vippy::platform
