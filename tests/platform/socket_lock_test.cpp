#include "platform/linux/socket_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

class SocketLockTest : public ::testing::Test {
 protected:
  int take() const {
    SocketLock lock(socket_);
    return lock.take();
  }
  bool is_there() const {
    struct stat status {};
    return ::lstat(file_.c_str(), &status) == 0;
  }

  support::TempDirectory directory_;
  std::string socket_ = directory_.path() + "/vippy.sock";
  std::string file_ = socket_ + ".lock";
};

TEST_F(SocketLockTest, OnlyOneHasItAndTheFileGoesWithTheLock) {
  {
    SocketLock lock(socket_);
    ASSERT_EQ(lock.take(), 0);
    struct stat status {};
    ASSERT_EQ(::lstat(file_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(take(), EADDRINUSE);
    EXPECT_TRUE(is_there()) << "who was refused takes nothing away";
    SocketLock other(directory_.path() + "/other.sock");
    EXPECT_EQ(other.take(), 0);
  }
  EXPECT_FALSE(is_there());
  EXPECT_EQ(take(), 0);
}

TEST_F(SocketLockTest, WhatAKilledStarterLeftIsUsedAgain) {
  support::write_file(file_, "");
  ASSERT_EQ(::chmod(file_.c_str(), 0600), 0);
  EXPECT_EQ(take(), 0);
  EXPECT_FALSE(is_there());
}

TEST_F(SocketLockTest, AFileThatOthersMayOpenIsNoLock) {
  const auto refuses = [&] {
    SocketLock lock(socket_);
    return lock.take() == EEXIST && lock.complaint().find(file_) != std::string::npos;
  };
  support::write_file(file_, "");
  ASSERT_EQ(::chmod(file_.c_str(), 0644), 0);
  EXPECT_TRUE(refuses());
  ::unlink(file_.c_str());
  support::write_file(directory_.path() + "/precious", "");
  ASSERT_EQ(::symlink((directory_.path() + "/precious").c_str(), file_.c_str()), 0);
  EXPECT_TRUE(refuses());
  ::unlink(file_.c_str());
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  EXPECT_TRUE(refuses());
  EXPECT_TRUE(is_there());
}

TEST_F(SocketLockTest, AFolderThatIsMissingIsSaidByItsName) {
  SocketLock lock(directory_.path() + "/no/such");
  EXPECT_EQ(lock.take(), ENOENT);
  EXPECT_EQ(lock.complaint(), "");
}

}  // namespace
}  // namespace vippy::platform
