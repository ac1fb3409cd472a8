// A thread beside the loop, for work that takes longer than the loop may be away.
//
// Purpose: what is handed in is done one after the other; the descriptor is readable when some of
//          it is done.
// Bounds:  one thread, and only while there is work: so it has the privileges that the process has
//          then.
// Errors:  errno values of open(), 0 = done; where no thread can be had, run() does the work.
// Order:   the thread is of a lower rank than the loop's, whatever rank that has: it never keeps it
//          from running. The destructor waits for what was begun.
// Source:  pthread_create(3), sched(7) (SCHED_BATCH), eventfd(2).
#pragma once

#include <pthread.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

#include "platform/linux/descriptor.h"

namespace vippy::platform {

class Worker {
 public:
  using Work = std::function<void()>;

  Worker() = default;
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] int open();
  [[nodiscard]] int descriptor() const { return done_.get(); }
  void run(Work work);
  // Nothing more is begun.
  void leave();
  // How much was done since this was last asked.
  [[nodiscard]] std::size_t take_done();

 private:
  static void* begin(void* worker);
  void work_off();
  [[nodiscard]] bool start_thread();

  Descriptor done_;
  std::mutex lock_;  // of what follows
  std::deque<Work> queue_;
  bool is_running_ = false;
  bool is_leaving_ = false;
  pthread_t thread_{};
  bool has_thread_ = false;  // that was not joined; the loop's alone
};

}  // namespace vippy::platform
