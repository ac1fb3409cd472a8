#include "platform/linux/guard_name.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>

namespace vippy::platform {

namespace {

constexpr int kFarewellMs = 100;
constexpr int kDeathMs = 1'000;
constexpr int kListenersMs = 1;
constexpr unsigned kAttemptsMax = 50;
constexpr std::string_view kSpace = "vippy-guard/";

struct Name {
  sockaddr_un address{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// The end of a long name is what differs.
Name abstract(std::string_view name) {
  Name out;
  constexpr std::size_t kRoom = sizeof(out.address.sun_path) - 1 - kSpace.size();
  name.remove_prefix(name.size() - std::min(name.size(), kRoom));
  out.address.sun_family = AF_UNIX;
  auto* at = std::copy(kSpace.begin(), kSpace.end(), out.address.sun_path + 1);
  at = std::copy(name.begin(), name.end(), at);
  out.length = static_cast<socklen_t>(at - reinterpret_cast<char*>(&out.address));
  return out;
}

// Who listens there; 0: nobody any more, or nobody that can be seen from here.
ucred owner_of(const Name& name) {
  const Descriptor asking(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ucred owner{};
  socklen_t length = sizeof(owner);
  if (!asking || ::connect(asking.get(), name.get(), name.length) != 0) return {};
  if (::getsockopt(asking.get(), SOL_SOCKET, SO_PEERCRED, &owner, &length) != 0) return {};
  return owner;
}

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
  const auto name = abstract(text);
  listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!listener_) return errno;
  for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
    if (::bind(listener_.get(), name.get(), name.length) == 0) {
      return ::listen(listener_.get(), 16) == 0 ? 0 : errno;
    }
    if (errno != EADDRINUSE) return errno;
    const auto owner = owner_of(name);
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
