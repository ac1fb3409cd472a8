// Removals of addresses as netlink octets, with the promotion of secondaries around them, and local
// routes.
//
// Purpose: vippyd and its guard take addresses and routes away by the same octets.
// Purity:  octets into memory of the caller; no sockets, no allocation, no library.
// Units:   interface indices as the kernel counts them.
// Bounds:  kAddressMessageOctetsMax octets a message; room for it is the caller's to see to.
// Order:   promotions on, removals, promotions off, all in one sendmsg().
// Source:  rtnetlink(7); docs/adr/0003-secondary-addresses.md, docs/adr/0008-plumbing-by-route.md.
// Shape:   nlmsghdr | ifaddrmsg | IFA_LOCAL | IFA_ADDRESS,
//          nlmsghdr | ifinfomsg | IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF { setting } } }, and
//          nlmsghdr | rtmsg | RTA_DST | RTA_OIF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/ip.h"
#include "platform/platform.h"

namespace vippy::platform {

// IFA_PROTO of our addresses (`ip address` shows "proto 0xb5") and the protocol of our routes
// (`ip route show table local` shows "proto 181"). 0 to 3 are the kernel's, of routes 0 to 4; the
// value was chosen out of what no program registers in iproute2's rt_addrprotos and rt_protos.
inline constexpr std::uint8_t kAddressTag = 0xb5;

inline constexpr std::size_t kAddressMessageOctetsMax = 64;

// Who asks, and by which number the answer is recognised.
struct MessageAddress {
  std::uint32_t port = 0;
  std::uint32_t sequence = 0;
};

// Only an IPv4 address with room for others beside it can be the primary of anything.
[[nodiscard]] bool may_be_primary(const core::Prefix& prefix);

// All answer how many octets they wrote to the front of `out`.
std::size_t write_removal(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                          const core::Prefix& prefix);
std::size_t write_promotion(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                            bool is_on);
// Our local route to an IPv4 host over the interface. A removal means ours alone; an addition
// leaves those of others beside it.
std::size_t write_route(std::span<std::uint8_t> out, MessageAddress from, InterfaceIndex index,
                        const core::Prefix& prefix, bool is_add);

}  // namespace vippy::platform
