#include "platform/linux/guard_name.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "platform/linux/abstract_name.h"

namespace vippy::platform {

namespace {

constexpr int kFarewellMs = 100;
constexpr int kDeathMs = 1'000;
constexpr int kListenersMs = 1;
constexpr unsigned kAttemptsMax = 50;
constexpr std::string_view kSpace = "vippy-guard/";

bool is_over_within(int process, int milliseconds) {
  pollfd watched{process, POLLIN, 0};
  return ::poll(&watched, 1, milliseconds) > 0;
}

void see_off(pid_t pid) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process || is_over_within(process.get(), kFarewellMs)) return;
  ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  (void)is_over_within(process.get(), kDeathMs);
}

}  // namespace

int GuardName::claim(std::string_view text) {
  if (text.empty()) return 0;
  const AbstractName name(text, kSpace);
  for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto [listener, error] = listen_at(name);
    if (error == 0) listener_ = std::move(listener);
    if (error != EADDRINUSE) return error;
    // Process 0: nobody any more, or nobody that can be seen from here.
    const auto owner = owner_of(name).value_or(ucred{});
    if (owner.pid > 0 && owner.uid == ::geteuid()) {
      see_off(owner.pid);
    } else if (owner.pid > 0) {
      return EADDRINUSE;
    } else {
      ::poll(nullptr, 0, kListenersMs);
    }
  }
  return EADDRINUSE;
}

}  // namespace vippy::platform
