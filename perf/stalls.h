// When this machine did not let somebody run who wanted to.
//
// Purpose: tell a slow program from a machine that was busy, by measuring and not by guessing.
// Units:   Duration of the wall clock, as the daemons' logs and the kernel's receive times.
// Bounds:  stalls shorter than kNoted are not kept; processes are looked at every millisecond, so
//          what is kept of a process is what it waited in about so long, not one wait.
// Errors:  a process that is gone is no longer looked at.
// Order:   measures from its construction on; calls from one thread.
// Source:  Linux, Documentation/scheduler/sched-stats.rst (/proc/PID/schedstat).
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/world.h"

namespace vippy::lab {

[[nodiscard]] Duration wall_clock();

struct Stall {
  std::string who;  // "processor 1": nothing of ours ran there; "n2", "n2's guard", ...
  Duration at{};    // when it was over
  Duration length{};
};

// "n2 had waited 3.1 ms for a processor"
[[nodiscard]] std::string text_of(const Stall& stall);

// What the scheduler counts of one task.
struct TaskTimes {
  Duration ran{};
  Duration waited{};  // could have run and did not
};
[[nodiscard]] bool read_task_times(const std::string& task, TaskTimes& times);  // "12", "self"
// The threads of this program, and the child of a process (its guard); 0: none.
[[nodiscard]] std::vector<pid_t> own_threads();
[[nodiscard]] std::vector<pid_t> threads_of(pid_t process);
[[nodiscard]] pid_t child_of(pid_t process);

class StallWatch {
 public:
  static constexpr Duration kNoted = std::chrono::milliseconds(1);

  StallWatch();
  ~StallWatch();
  StallWatch(const StallWatch&) = delete;
  StallWatch& operator=(const StallWatch&) = delete;

  // Looks at this task from now on, instead of at the one of that name before; 0: at none.
  void follow(const std::string& who, pid_t task);
  // Something that measured itself.
  void note(const std::string& who, Duration at, Duration length);
  // Those that were there between these two times, the longest first.
  [[nodiscard]] std::vector<Stall> between(Duration from, Duration to) const;
  // Forgets what was over before.
  void forget(Duration before);

 private:
  struct Followed {
    std::string task;
    TaskTimes times;
    Duration moved_at{};  // when it was last seen to have run
  };
  void watch_processor(int number);
  void look_at_tasks();

  mutable std::mutex mutex_;
  std::map<std::string, Followed> followed_;
  std::vector<Stall> stalls_;
  std::atomic<bool> is_over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace vippy::lab
