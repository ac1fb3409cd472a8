// One announcement out of one interface.
//
// Purpose: vippyd and its guard send announcements by the same system call.
// Units:   ports in host order.
// Errors:  errno values, 0 = done.
// Source:  ip(7), ipv6(7): IP_PKTINFO and IPV6_PKTINFO choose interface and source.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <span>

#include "core/ip.h"
#include "platform/platform.h"

namespace vippy::platform {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

// `scope` matters to link-local addresses of IPv6 only.
[[nodiscard]] SocketAddress socket_address(const core::IpAddress& address, std::uint16_t port,
                                           InterfaceIndex scope);

struct AnnounceTarget {
  core::IpAddress address;
  std::uint16_t port = 0;
  InterfaceIndex index = 0;               // 0: where the routes say
  std::optional<core::IpAddress> source;  // nullopt leaves the choice to the kernel
};

// Does not block; `socket` is of the target's family.
[[nodiscard]] int send_announcement(int socket, const AnnounceTarget& target,
                                    std::span<const std::uint8_t> bytes);

}  // namespace vippy::platform
