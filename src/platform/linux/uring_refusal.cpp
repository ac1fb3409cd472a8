#include "platform/linux/uring_refusal.h"

#include <fcntl.h>
#include <sys/utsname.h>

#include <cerrno>

#include "platform/linux/descriptor.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

// '0', '1' or '2'; '?' where the kernel does not have the switch or hides it.
char disabled_switch() {
  const Descriptor file(::open("/proc/sys/kernel/io_uring_disabled", O_RDONLY | O_CLOEXEC));
  char value = '?';
  if (!file || ::read(file.get(), &value, 1) != 1) return '?';
  return value;
}

std::string kernel_release() {
  utsname system{};
  return ::uname(&system) == 0 ? std::string(system.release) : std::string("unknown");
}

std::string reason(int os_error) {
  const char disabled = disabled_switch();
  if (os_error == EPERM && disabled != '0' && disabled != '?') {
    return std::string("EPERM: kernel.io_uring_disabled is ") + disabled + "; set it to 0";
  }
  switch (os_error) {
    case EPERM:
    case EACCES:
      return "EPERM: refused by a seccomp profile or a security module; allow io_uring_setup, "
             "io_uring_enter and io_uring_register";
    case ENOSYS:
      return "ENOSYS: kernel " + kernel_release() +
             " is built without io_uring, or a seccomp "
             "profile hides it";
    case ENOMEM: return "ENOMEM: not enough memory may be locked; raise LimitMEMLOCK";
    case EINVAL:
    case ENOTSUP: return "kernel " + kernel_release() + " is too old; 6.0 or newer is needed";
    default: return explain(os_error);
  }
}

}  // namespace

std::string explain_uring_refusal(std::string_view step, int os_error) {
  return "io_uring refused at " + std::string(step) + ": " + reason(os_error);
}

}  // namespace vippy::platform
