#include "platform/linux/guard_name.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace vippy::platform {

namespace {

constexpr int kFarewellMs = 100;
constexpr int kDeathMs = 1'000;
constexpr int kListenersMs = 1;
constexpr unsigned kAttemptsMax = 50;

bool is_over_within(int process, int milliseconds) {
  pollfd watched{process, POLLIN, 0};
  return ::poll(&watched, 1, milliseconds) > 0;
}

// Of processes that we may end: 0 is nobody any more, or nobody that can be seen from here.
bool is_ours(const ucred& owner) { return owner.pid > 0 && owner.uid == ::geteuid(); }

void see_off(const AbstractName& name, pid_t pid) {
  const auto process = open_owner(name, pid);
  if (!process || is_over_within(process.get(), kFarewellMs)) return;
  ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  (void)is_over_within(process.get(), kDeathMs);
}

}  // namespace

Descriptor open_owner(const AbstractName& name, pid_t pid) {
  Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const auto owner = owner_of(name).value_or(ucred{});
  return owner.pid == pid && is_ours(owner) ? std::move(process) : Descriptor();
}

int GuardName::claim(std::string_view text) {
  if (text.empty()) return 0;
  const AbstractName name(text, kSpace);
  for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto [listener, error] = listen_at(name);
    if (error == 0) listener_ = std::move(listener);
    if (error != EADDRINUSE) return error;
    const auto owner = owner_of(name).value_or(ucred{});
    if (is_ours(owner)) {
      see_off(name, owner.pid);
    } else if (owner.pid > 0) {
      return EADDRINUSE;
    } else {
      ::poll(nullptr, 0, kListenersMs);
    }
  }
  return EADDRINUSE;
}

}  // namespace vippy::platform
