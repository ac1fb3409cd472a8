#include "platform/linux/socket_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace vippy::platform {

namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kOthers = 0077;

bool is_at(const std::string& path, const Descriptor& file) {
  struct stat there {};
  struct stat here {};
  return ::lstat(path.c_str(), &there) == 0 && ::fstat(file.get(), &here) == 0 &&
         there.st_dev == here.st_dev && there.st_ino == here.st_ino;
}

bool is_ours_alone(const Descriptor& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & kOthers) == 0;
}

}  // namespace

SocketLock::~SocketLock() {
  if (is_held_ && is_at(path_, file_)) ::unlink(path_.c_str());
}

int SocketLock::complain() {
  complaint_ = path_ + " is in the way: only a plain file of this user that nobody else may open " +
               "can lock the socket; remove it, or move the socket to a folder of its own";
  return EEXIST;
}

int SocketLock::open_file() {
  // Without O_NONBLOCK a FIFO could keep us.
  constexpr int kFlags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  file_ = Descriptor(::open(path_.c_str(), kFlags, kOwnerOnly));
  if (file_) return is_ours_alone(file_) ? 0 : complain();
  const int error = errno;
  struct stat status {};
  return ::lstat(path_.c_str(), &status) == 0 ? complain() : error;
}

int SocketLock::take() {
  // Who had the lock before takes its file away: a lock on that one is none.
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    if (const int error = open_file(); error != 0) return error;
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
      return errno == EWOULDBLOCK ? EADDRINUSE : errno;
    }
    is_held_ = is_at(path_, file_);
    if (is_held_) return 0;
  }
  return EADDRINUSE;
}

}  // namespace vippy::platform
