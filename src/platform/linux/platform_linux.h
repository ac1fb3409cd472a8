// The Linux platform: io_uring or epoll, netlink, UDP, Unix streams, raw frames, signals.
//
// Purpose: platform.h for Linux, composed of the parts in this folder.
// Bounds:  see the parts; wait() reads a bounded share of every source and returns.
// Errors:  a StartFailure when vippyd cannot run here at all; later failures are events.
//          Which loop was taken, and why, is the first Notice.
// Order:   make it after every fork(): the ring belongs to the thread that made it. It blocks the
//          signals that it turns into events in the whole process.
#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "platform/linux/injectors_linux.h"
#include "platform/linux/loop_select.h"
#include "platform/linux/netlink.h"
#include "platform/platform.h"

namespace vippy::platform {

struct LinuxOptions {
  LoopChoice loop = LoopChoice::automatic;  // VIPPY_LOOP counts only for this one
  InjectorFactory make_injector;            // linux_injectors(), or a test's
  std::string injector = "packet";          // the first one; UseInjector changes it
  int netlink_receive_octets = kNetlinkReceiveOctets;
};

struct StartFailure {
  std::string text;  // what, why, and the remedy
};

[[nodiscard]] core::Result<std::unique_ptr<Platform>, StartFailure> make_linux_platform(
    LinuxOptions options);

}  // namespace vippy::platform
