// Only one starter at a time works on a Unix socket's path.
//
// Purpose: of two that find the same dead socket, only one replaces it. The lock is a file of our
//          own beside the socket, which nobody else may open: whoever may only read the folder
//          cannot hold us up.
// Bounds:  never waits: who has the lock needs it for a few system calls.
// Errors:  errno values, 0 = done. EADDRINUSE: another starter is at it this instant. What else is
//          wrong with the file is EEXIST, and complaint() says it with the remedy.
// Order:   the file is removed before the lock is given back, so it is there for an instant only;
//          one that a killed starter left is used again.
// Source:  flock(2), open(2) (O_NOFOLLOW).
#pragma once

#include <string>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

class SocketLock {
 public:
  explicit SocketLock(const std::string& socket_path) : path_(socket_path + ".lock") {}
  ~SocketLock();
  SocketLock(const SocketLock&) = delete;
  SocketLock& operator=(const SocketLock&) = delete;

  [[nodiscard]] int take();
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

 private:
  [[nodiscard]] int open_file();
  [[nodiscard]] int complain();

  std::string path_;
  std::string complaint_;
  Descriptor file_;
  bool is_held_ = false;
};

}  // namespace vippy::platform
