// A thread beside the loop, for work that takes longer than the loop may be away.
//
// Purpose: what is handed in is done one after the other; the descriptor is readable when some of
//          it is done.
// Bounds:  one thread, and only while there is work: so it has the privileges that the process has
//          then. The destructor waits kFarewell for what was begun; what hangs is left behind, with
//          all that it needs.
// Errors:  errno values of open(), 0 = done; where no thread can be had, run() does the work.
// Order:   the thread is of a lower rank than the loop's, whatever rank that has: it never keeps it
//          from running, and is lent the loop's rank while that waits for the lock.
// Source:  pthread_create(3), pthread_mutexattr_setprotocol(3), sched(7) (SCHED_BATCH), eventfd(2).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

class Worker {
 public:
  using Work = std::function<void()>;
  static constexpr int kFarewellMs = 1'000;

  Worker();
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] int open();
  [[nodiscard]] int descriptor() const;
  // What the work needs is its own: it may outlive whoever handed it in.
  void run(Work work);
  // Nothing more is begun.
  void leave();
  // How much was done since this was last asked.
  [[nodiscard]] std::size_t take_done();

 private:
  class Desk;
  std::shared_ptr<Desk> desk_;  // the thread's as well
};

}  // namespace vippy::platform
