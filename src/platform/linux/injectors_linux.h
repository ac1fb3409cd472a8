// The ways to send a frame that Linux has, by name.
//
// Purpose: UseInjector's names to implementations: "packet" (AF_PACKET), "pcap" (libpcap).
// Errors:  null with *os_error: ENOTSUP for an unknown name, else the implementation's reason.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "packet/injector.h"

namespace vippy::platform {

using InjectorFactory =
    std::function<std::unique_ptr<packet::Injector>(std::string_view name, int* os_error)>;

[[nodiscard]] InjectorFactory linux_injectors();

}  // namespace vippy::platform
