#include "platform/linux/left_processes.h"

#include <sys/wait.h>

#include <vector>

namespace vippy::platform {

namespace {

std::vector<pid_t>& left() {
  static std::vector<pid_t> processes;
  return processes;
}

}  // namespace

void leave_process(pid_t process) { left().push_back(process); }

void collect_left_processes() {
  std::erase_if(left(), [](pid_t process) { return ::waitpid(process, nullptr, WNOHANG) != 0; });
}

}  // namespace vippy::platform
