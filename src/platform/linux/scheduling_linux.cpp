#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>

#include "platform/host.h"
#include "platform/linux/free_memory.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

// What vippyd starts is not to compete with it.
constexpr int kOurPolicy = SCHED_FIFO | SCHED_RESET_ON_FORK;

int set_policy(int policy, int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  return ::sched_setscheduler(0, policy, &parameters) == 0 ? 0 : errno;
}

std::optional<std::string> be_realtime(unsigned wanted) {
  const auto lowest = static_cast<unsigned>(::sched_get_priority_min(SCHED_FIFO));
  const auto highest = static_cast<unsigned>(::sched_get_priority_max(SCHED_FIFO));
  const auto text = "realtime priority " + std::to_string(wanted);
  if (wanted < lowest || wanted > highest) {
    return text + " does not exist: choose " + std::to_string(lowest) + " to " +
           std::to_string(highest);
  }
  const int error = set_policy(kOurPolicy, static_cast<int>(wanted));
  if (error == 0) return std::nullopt;
  if (error != EPERM) return text + " is refused: " + explain(error);
  return text + " is refused: EPERM; start vippyd as root or with LimitRTPRIO=" +
         std::to_string(wanted) +
         " and RestrictRealtime=no (systemd), and give its control group realtime time where the "
         "kernel rations it";
}

// Only what was ours: whoever started vippyd with a policy of his own choice keeps it.
std::optional<std::string> be_normal() {
  if (::sched_getscheduler(0) != kOurPolicy) return std::nullopt;
  int error = set_policy(SCHED_OTHER, 0);
  // The mark may be taken off only with CAP_SYS_NICE; it does no harm.
  if (error == EPERM) error = set_policy(SCHED_OTHER | SCHED_RESET_ON_FORK, 0);
  if (error == 0) return std::nullopt;
  return "normal scheduling is refused: " + explain(error) + "; start vippyd again";
}

// With a limit a later allocation, or the stack, could fail to grow, once privileges are dropped
// at the latest: a daemon that may page is better than one that dies.
bool may_lock_everything() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) != 0) return false;
  if (limit.rlim_cur == RLIM_INFINITY) return true;
  limit.rlim_cur = limit.rlim_max = RLIM_INFINITY;
  return ::setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

std::optional<std::string> lock_memory() {
  constexpr auto kRemedy =
      "start vippyd with LimitMEMLOCK=infinity (systemd) or `ulimit -l unlimited`";
  if (!may_lock_everything()) {
    return std::string("memory is not locked: a limit allows only a part of it; ") + kRemedy;
  }
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) == 0) return std::nullopt;
  const int error = errno;
  if (error == EPERM) return std::string("memory is not locked: EPERM; ") + kRemedy;
  return "memory is not locked: " + explain(error) + "; give this host more memory";
}

}  // namespace

std::vector<std::string> apply_scheduling(const Scheduling& scheduling) {
  std::vector<std::string> out;
  const auto failed = [&out](std::optional<std::string> text) {
    if (text) out.push_back(std::move(*text));
  };
  failed(scheduling.realtime_priority != 0 ? be_realtime(scheduling.realtime_priority)
                                           : be_normal());
  if (scheduling.lock_memory) {
    failed(lock_memory());
  } else if (::munlockall() != 0) {
    failed("memory cannot be unlocked: " + explain(errno) + "; start vippyd again");
  }
  return out;
}

void return_free_memory() { trim_heap(); }

}  // namespace vippy::platform
