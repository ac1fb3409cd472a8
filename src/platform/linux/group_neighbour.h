// The kernel's neighbour entry for our multicast group, made to stay.
//
// Purpose: the kernel needs an entry for each datagram to a group, makes it when it is needed, and
//          refuses the datagram (ENOBUFS) when its table is full, for seconds. Thousands of VIPs
//          that change hands fill it: the old owner gets an entry for each that is announced.
//          An entry that stays takes no room of the others.
// Errors:  an errno value, 0 = done. Announcing goes on without it for as long as there is room.
// Order:   ours bears a mark (kAddressTag, "proto 181"): one that an earlier run left is taken over
//          as ours. An operator's stays as it is, and when ours goes. What the kernel made itself,
//          and would make again, gives way. Kernels that keep no mark (before 5.0) leave what is
//          there alone.
// Source:  RTM_NEWNEIGH with NUD_PERMANENT (rtnetlink(7)), NDA_PROTOCOL; RFC 1112 section 6.4 and
//          RFC 2464 section 7 (the MAC of a group); gc_thresh3 (arp(7)).
#pragma once

#include "core/ip.h"
#include "platform/platform.h"

namespace vippy::platform {

[[nodiscard]] core::Mac mac_of_group(const core::IpAddress& group);

// On an Ethernet interface. EEXIST: there is one that is not ours.
[[nodiscard]] int keep_group_neighbour(InterfaceIndex index, const core::IpAddress& group);
// EPERM: the one that is there is not ours.
int drop_group_neighbour(InterfaceIndex index, const core::IpAddress& group);

}  // namespace vippy::platform
