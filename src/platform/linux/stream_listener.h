// A Unix stream socket at a path: live owners respected, dead files replaced.
//
// Purpose: the management socket, connectable only once it has its mode.
// Errors:  errno values, 0 = done. EADDRINUSE: somebody answers there. ENOTSOCK: a file that is
//          no socket is in the way and stays. complaint() adds what no errno says.
// Order:   the socket is bound beside its path, given its mode, made to listen, and then renamed
//          onto the path; SocketLock is held meanwhile, so of two starters that find the same dead
//          file only one replaces it. A clean end removes the file if it is ours.
// Source:  unix(7), rename(2).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

class StreamListener {
 public:
  StreamListener() = default;
  ~StreamListener();
  StreamListener(const StreamListener&) = delete;
  StreamListener& operator=(const StreamListener&) = delete;

  [[nodiscard]] int open(const std::string& path, std::uint32_t mode);
  [[nodiscard]] const std::string& complaint() const { return complaint_; }
  [[nodiscard]] int descriptor() const { return socket_.get(); }
  // Is `path` this very socket?
  [[nodiscard]] bool is_at(const std::string& path) const;

 private:
  [[nodiscard]] int bind_beside(const std::string& beside, std::uint32_t mode);

  std::string path_;
  std::string complaint_;
  Descriptor socket_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace vippy::platform
