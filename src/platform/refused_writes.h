// Writes that nobody takes.
//
// Purpose: a reader that is gone or a file that has reached its limit ends no process.
// Errors:  write() says EPIPE and EFBIG all the same.
// Order:   of the whole process, and of what it starts: a child that wants the usual behaviour
//          resets them after fork.
// Source:  pipe(7); setrlimit(2), RLIMIT_FSIZE.
#pragma once

#include <csignal>

namespace vippy::platform {

inline void ignore_refused_writes() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace vippy::platform
