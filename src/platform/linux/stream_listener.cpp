#include "platform/linux/stream_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "platform/linux/socket_lock.h"

namespace vippy::platform {

namespace {

constexpr int kBacklog = 64;

int socket_address(const std::string& path, sockaddr_un& out) {
  if (path.empty()) return EINVAL;
  if (path.size() >= sizeof(out.sun_path)) return ENAMETOOLONG;
  out = {};
  out.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), out.sun_path);
  return 0;
}

Descriptor stream_socket() {
  return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

// The kernel closes the sockets of a killed process a while after it is gone when they were
// registered with io_uring: until then they still take connections.
bool listener_is_gone(const Descriptor& connected) {
  ucred listener{};
  socklen_t size = sizeof(listener);
  const bool is_known =
      ::getsockopt(connected.get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0;
  return is_known && listener.pid > 0 && ::kill(listener.pid, 0) != 0 && errno == ESRCH;
}

// 0: nothing or a dead socket is there.
int probe(const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return errno == ENOENT ? 0 : errno;
  if (!S_ISSOCK(file.st_mode)) return ENOTSOCK;
  sockaddr_un address{};
  if (const int error = socket_address(path, address); error != 0) return error;
  const auto socket = stream_socket();
  if (!socket) return errno;
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    return listener_is_gone(socket) ? 0 : EADDRINUSE;
  }
  if (errno == ECONNREFUSED || errno == ENOENT) return 0;
  // A full backlog is a sign of life.
  return errno == EAGAIN ? EADDRINUSE : errno;
}

}  // namespace

StreamListener::~StreamListener() {
  if (socket_ && is_at(path_)) ::unlink(path_.c_str());
}

bool StreamListener::is_at(const std::string& path) const {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_;
}

int StreamListener::bind_beside(const std::string& beside, std::uint32_t mode) {
  sockaddr_un address{};
  if (const int error = socket_address(beside, address); error != 0) return error;
  socket_ = stream_socket();
  if (!socket_) return errno;
  struct stat file {};
  const bool is_left_over = ::lstat(beside.c_str(), &file) == 0 && S_ISSOCK(file.st_mode);
  if (is_left_over) ::unlink(beside.c_str());
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(socket_.get(), name, sizeof(address)) != 0) {
    const int error = errno;
    socket_.reset();
    return error;
  }
  const bool is_done = ::chmod(beside.c_str(), mode) == 0 &&
                       ::listen(socket_.get(), kBacklog) == 0 &&
                       ::lstat(beside.c_str(), &file) == 0;
  if (!is_done) return errno;
  device_ = file.st_dev;
  inode_ = file.st_ino;
  return 0;
}

int StreamListener::open(const std::string& path, std::uint32_t mode) {
  sockaddr_un address{};
  if (const int error = socket_address(path, address); error != 0) return error;
  SocketLock lock(path);
  const int refused = lock.take();
  complaint_ = lock.complaint();
  if (refused != 0) return refused;
  if (const int error = probe(path); error != 0) return error;
  // The name must fit where the path does: the last octets make room for ours.
  const auto suffix = "." + std::to_string(::getpid());
  const auto room = sizeof(address.sun_path) - 1 - suffix.size();
  const auto floor = std::min(path.rfind('/') + 1, path.size());
  const auto beside = path.substr(0, std::max(std::min(path.size(), room), floor)) + suffix;
  int error = bind_beside(beside, mode);
  if (error == 0 && ::rename(beside.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    if (socket_) ::unlink(beside.c_str());
    socket_.reset();
    return error;
  }
  path_ = path;
  return 0;
}

}  // namespace vippy::platform
