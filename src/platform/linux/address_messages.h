// Removals of addresses as netlink octets, with the promotion of secondaries around them.
//
// Purpose: vippyd and its guard take addresses away by the same octets.
// Purity:  octets into memory of the caller; no sockets, no allocation, no library.
// Units:   interface indices as the kernel counts them.
// Bounds:  kAddressMessageOctetsMax octets a message; room for it is the caller's to see to.
// Order:   promotions on, removals, promotions off, all in one sendmsg().
// Source:  rtnetlink(7); docs/adr/0003-secondary-addresses.md.
// Shape:   nlmsghdr | ifaddrmsg | IFA_LOCAL | IFA_ADDRESS, and
//          nlmsghdr | ifinfomsg | IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { setting } } }.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/ip.h"
#include "platform/platform.h"

namespace vippy::platform {

// IFA_PROTO of our addresses (`ip address` shows "proto 0xb5"). 0 to 3 are the kernel's; the
// value was chosen out of what no program registers in iproute2's rt_addrprotos.
inline constexpr std::uint8_t kAddressTag = 0xb5;

inline constexpr std::size_t kAddressMessageOctetsMax = 64;

// Who asks, and by which number the answer is recognised.
struct MessageAddress {
  std::uint32_t port = 0;
  std::uint32_t sequence = 0;
};

// Only an IPv4 address with room for others beside it can be the primary of anything.
[[nodiscard]] bool may_be_primary(const core::Prefix& prefix);

// Both answer how many octets they wrote to the front of `out`.
std::size_t write_removal(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                          const core::Prefix& prefix);
std::size_t write_promotion(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                            bool is_on);

}  // namespace vippy::platform
