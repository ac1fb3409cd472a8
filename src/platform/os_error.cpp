#include "platform/os_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace vippy::platform {

namespace {

using core::FailureKind;

struct Entry {
  int os_error;
  FailureKind kind;
  std::string_view name;
  std::string_view meaning;
  std::string_view remedy;  // empty: the meaning says it all
};

constexpr std::array kTable{
    Entry{EPERM, FailureKind::not_permitted, "EPERM", "not permitted",
          "vippyd needs CAP_NET_ADMIN and CAP_NET_RAW: run it as root or grant them"},
    Entry{EACCES, FailureKind::not_permitted, "EACCES", "permission denied",
          "check the owner and mode of the path, and that vippyd has its capabilities"},
    Entry{EEXIST, FailureKind::already_there, "EEXIST", "exists already", ""},
    Entry{EADDRNOTAVAIL, FailureKind::not_there, "EADDRNOTAVAIL", "no such address here",
          "`ip address` lists what is there"},
    Entry{ESRCH, FailureKind::not_there, "ESRCH", "no such route or process here", ""},
    Entry{ENOENT, FailureKind::not_there, "ENOENT", "no such file, directory or entry",
          "create the directory, or correct the path"},
    Entry{ENODEV, FailureKind::no_interface, "ENODEV", "no such interface",
          "`ip link` lists the interfaces; check the name in the configuration"},
    Entry{ENXIO, FailureKind::no_interface, "ENXIO", "the interface is gone",
          "`ip link` lists the interfaces"},
    Entry{EADDRINUSE, FailureKind::in_use, "EADDRINUSE", "somebody else has it",
          "stop the other vippyd, or use another address, port or path"},
    Entry{EBUSY, FailureKind::in_use, "EBUSY", "busy", "somebody else is using it"},
    Entry{ECANCELED, FailureKind::withdrawn, "ECANCELED", "taken back before it was done", ""},
    Entry{ENOMEM, FailureKind::no_resources, "ENOMEM", "out of memory",
          "check the limits of the service and of its control group"},
    Entry{ENOBUFS, FailureKind::no_resources, "ENOBUFS", "no buffer space",
          "raise net.core.wmem_max, net.core.rmem_max, or net.ipv4.igmp_max_memberships"},
    Entry{EAGAIN, FailureKind::no_resources, "EAGAIN", "the queue is full for the moment", ""},
    Entry{ELIBACC, FailureKind::other, "ELIBACC", "a shared library could not be loaded",
          "install libpcap (Debian: libpcap0.8), or set \"inject\" to \"packet\""},
    Entry{EMFILE, FailureKind::no_resources, "EMFILE", "too many open files",
          "raise LimitNOFILE of the service"},
    Entry{ENFILE, FailureKind::no_resources, "ENFILE", "too many open files on this host",
          "raise fs.file-max"},
    Entry{ENOSPC, FailureKind::no_resources, "ENOSPC", "no space left", ""},
    Entry{EINVAL, FailureKind::other, "EINVAL", "the kernel refuses this value", ""},
    Entry{ENOTSUP, FailureKind::other, "ENOTSUP", "not supported by this system", ""},
    Entry{ENOSYS, FailureKind::other, "ENOSYS", "the kernel does not have this call",
          "use a newer kernel, or allow the call in the seccomp profile"},
    Entry{EMSGSIZE, FailureKind::other, "EMSGSIZE", "too long for this interface",
          "raise the interface's MTU"},
    Entry{ENETDOWN, FailureKind::other, "ENETDOWN", "the interface is down",
          "`ip link set <interface> up`"},
    Entry{ENETUNREACH, FailureKind::other, "ENETUNREACH", "no route to the network",
          "give the interface an address or a route"},
    Entry{EHOSTUNREACH, FailureKind::other, "EHOSTUNREACH", "no route to the host",
          "check the routes, and reject rules of the firewall"},
    Entry{ECONNREFUSED, FailureKind::other, "ECONNREFUSED", "nobody listens there", ""},
    Entry{ECONNRESET, FailureKind::other, "ECONNRESET", "the other end went away", ""},
    Entry{EPIPE, FailureKind::other, "EPIPE", "the other end went away", ""},
    Entry{ENAMETOOLONG, FailureKind::other, "ENAMETOOLONG", "the path or name is too long",
          "a Unix socket path has at most 107 octets"},
    Entry{ENOTSOCK, FailureKind::other, "ENOTSOCK", "there is a file that is not a socket",
          "move it away, or use another path"},
    Entry{ENOTDIR, FailureKind::other, "ENOTDIR", "a part of the path is not a directory", ""},
    Entry{EROFS, FailureKind::other, "EROFS", "the file system is read-only",
          "use a path under /run"},
    Entry{ETIMEDOUT, FailureKind::other, "ETIMEDOUT", "timed out", ""},
    Entry{EAFNOSUPPORT, FailureKind::other, "EAFNOSUPPORT", "the address family is switched off",
          "IPv6 may be disabled: net.ipv6.conf.all.disable_ipv6"},
    Entry{EOPNOTSUPP, FailureKind::other, "EOPNOTSUPP", "not supported by this system", ""},
};

const Entry* find(int os_error) {
  const auto found = std::find_if(kTable.begin(), kTable.end(), [os_error](const Entry& entry) {
    return entry.os_error == os_error;
  });
  return found == kTable.end() ? nullptr : &*found;
}

}  // namespace

core::FailureKind classify(int os_error) {
  if (os_error == 0) return FailureKind::none;
  const auto* entry = find(os_error);
  return entry == nullptr ? FailureKind::other : entry->kind;
}

std::string explain(int os_error) {
  if (os_error == 0) return "done";
  const auto* entry = find(os_error);
  if (entry == nullptr) return "errno " + std::to_string(os_error);
  std::string text(entry->name);
  text.append(": ").append(entry->meaning);
  if (!entry->remedy.empty()) text.append("; ").append(entry->remedy);
  return text;
}

}  // namespace vippy::platform
