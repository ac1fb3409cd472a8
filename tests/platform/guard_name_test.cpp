#include "platform/linux/guard_name.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>

#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

// A process that waits for its end, when `begin` is done.
class Waiting {
 public:
  explicit Waiting(const std::function<void()>& begin) {
    std::array<int, 2> ready{};
    EXPECT_EQ(::pipe(ready.data()), 0);
    const Descriptor here(ready[0]);
    Descriptor there(ready[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      begin();
      there.reset();
      for (;;) ::pause();
    }
    there.reset();
    char octet = 0;
    EXPECT_EQ(::read(here.get(), &octet, 1), 0);
  }
  ~Waiting() {
    ::kill(pid_, SIGTERM);
    (void)ended_by();
  }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int ended_by() const {
    int status = 0;
    return ::waitpid(pid_, &status, 0) == pid_ && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t pid_ = -1;
};

TEST(GuardNameTest, AnEarlierGuardThatStaysIsEnded) {
  const auto netns = support::Netns::fresh();
  GuardName earlier;
  GuardName later;
  const Waiting guard([&] { EXPECT_EQ(earlier.claim("one"), 0); });
  EXPECT_EQ(later.claim("one"), 0);
  EXPECT_EQ(guard.ended_by(), SIGKILL);
}

TEST(GuardNameTest, AProcessThatHasTheNumberAndNotTheNameIsLeftAlone) {
  const auto netns = support::Netns::fresh();
  const AbstractName name("one", GuardName::kSpace);
  GuardName earlier;
  const Waiting guard([&] { EXPECT_EQ(earlier.claim("one"), 0); });
  const Waiting stranger([] {});
  EXPECT_TRUE(open_owner(name, guard.pid()));
  EXPECT_FALSE(open_owner(name, stranger.pid()));
  EXPECT_FALSE(open_owner(AbstractName("two", GuardName::kSpace), guard.pid()));
}

}  // namespace
}  // namespace vippy::platform
