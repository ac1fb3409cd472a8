// Every maximum, with its arithmetic. Sizes are fixed here and nowhere else.
//
// Purpose: bounded memory and bounded work, whatever peers, files or kernels bring.
// Units:   the last word of a name: octets, nodes, groups, entries.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vippy::core {

// A cluster is one network segment. 256 nodes at 1 ms are already 256,000 datagrams a second.
inline constexpr std::size_t kNodesMax = 256;
inline constexpr std::size_t kGroupsMax = 16'384;
inline constexpr std::size_t kVipsMax = 32'768;
inline constexpr std::size_t kNodeNameOctetsMax = 255;  // HOST_NAME_MAX is 64; FQDNs reach 253

// The reference keeps versions in a double.
inline constexpr std::uint64_t kVersionMax = (std::uint64_t{1} << 53U) - 1;

// A UDP payload over IPv4: 65,535 - 20 (IP) - 8 (UDP).
inline constexpr std::size_t kDatagramOctetsMax = 65'507;

inline constexpr std::size_t kConfigOctetsMax = 16U << 20U;
// kVipsMax VIPs of 16 values each (object, interface, ip, and 13 in `state`).
inline constexpr std::size_t kConfigValuesMax = 16 * kVipsMax;
inline constexpr std::size_t kConfigProblemsMax = 1'000;  // more than anybody reads at once
inline constexpr std::size_t kJsonDepthMax = 64;          // our own keys need 4; `state` is free

// The longest interface name: 15 octets on Linux (IFNAMSIZ - 1), 31 on illumos (LIFNAMSIZ - 1).
inline constexpr std::size_t kInterfaceNameOctetsMax = 31;
// sockaddr_un holds 108 octets with the final NUL.
inline constexpr std::size_t kSocketPathOctetsMax = 107;

// Redundant paths of announcements, and hosts that are asked whether we are cut off.
inline constexpr std::size_t kChatPathsMax = 8;
inline constexpr std::size_t kWitnessesMax = 8;
// Hosts that are named for one fault, as announcements with another secret: 48 octets each make
// 3 KiB, and as many lines of the log in a minute are more than anybody reads.
inline constexpr std::size_t kRemindedHostsMax = 64;
// Of one group, `preferred` included.
inline constexpr std::size_t kPreferredMax = 16;

// The cluster's neighbour table; 64 octets an entry make 2 MiB.
inline constexpr std::size_t kNeighboursMax = 32'768;

// A `notify` network may have at most this many addresses (a /16 of IPv4).
inline constexpr std::uint64_t kNotifyAddressesMax = 65'536;

// Interfaces this host may show us.
inline constexpr std::size_t kInterfacesMax = 4'096;

// The longest frame that this program builds: 14 (Ethernet) + 40 (IPv6) + 32 (NA with option).
inline constexpr std::size_t kFrameOctetsMax = 128;
static_assert(14 + 40 + 32 <= kFrameOctetsMax);

}  // namespace vippy::core
