#include "platform/linux/signals.h"

#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <span>

#include "platform/linux/left_processes.h"
#include "platform/refused_writes.h"

namespace vippy::platform {

int Signals::open() {
  sigset_t caught;
  ::sigemptyset(&caught);
  for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGCHLD}) ::sigaddset(&caught, number);
  if (::sigprocmask(SIG_BLOCK, &caught, &earlier_) != 0) return errno;
  signals_ = Descriptor(::signalfd(-1, &caught, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) {
    const int error = errno;
    ::sigprocmask(SIG_SETMASK, &earlier_, nullptr);
    return error;
  }
  ignore_refused_writes();
  return 0;
}

Signals::~Signals() {
  if (signals_) ::sigprocmask(SIG_SETMASK, &earlier_, nullptr);
}

void Signals::read(std::vector<Event>& out) {
  std::array<signalfd_siginfo, 8> caught;
  const auto count = ::read(signals_.get(), caught.data(), sizeof(caught));
  if (count <= 0) return;
  const auto caught_count = static_cast<std::size_t>(count) / sizeof(signalfd_siginfo);
  for (const auto& one : std::span(caught).first(caught_count)) {
    const auto number = static_cast<int>(one.ssi_signo);
    if (number == SIGCHLD) {
      collect_left_processes();
      continue;
    }
    out.emplace_back(SignalCaught{number == SIGHUP ? Signal::reload : Signal::stop, number});
  }
}

}  // namespace vippy::platform
