// Signals as events.
//
// Purpose: SIGTERM, SIGINT, SIGQUIT: stop; SIGHUP: reload; SIGPIPE and SIGXFSZ are ignored;
//          SIGCHLD: see left_processes.h.
// Errors:  errno values, 0 = done.
// Order:   the signals are blocked in the whole process from open() on, so children inherit the
//          mask: one that runs another program should unblock first. The destructor puts the mask
//          back.
// Source:  signalfd(2).
#pragma once

#include <csignal>
#include <vector>

#include "platform/linux/descriptor.h"
#include "platform/platform.h"

namespace vippy::platform {

class Signals {
 public:
  Signals() = default;
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] int open();
  [[nodiscard]] int descriptor() const { return signals_.get(); }
  void read(std::vector<Event>& out);

 private:
  Descriptor signals_;
  sigset_t earlier_{};
};

}  // namespace vippy::platform
