// The Ethernet header: who a frame is for, who sends it, what is inside.
//
// Purpose: the first 14 octets of every frame that vippy builds or reads.
// Purity:  bytes in, values out. No sockets, no clock, no allocation.
// Units:   offsets and sizes in octets.
// Errors:  EthernetError for bytes from others; an assertion for our own misuse.
// Source:  IEEE 802.3 clause 3 (DIX form); RFC 2464 section 7 (IPv6 multicast addresses).
// Shape:   14 octets, big-endian:
//
//   offset size field
//        0    6 target mac
//        6    6 source mac
//       12    2 ethertype     0x0600 and above; below is an 802.3 length, which is refused
//
// VLAN tags are not read: the kernel takes them off before an interface's frames reach us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/ip.h"
#include "core/result.h"

namespace vippy::packet {

inline constexpr std::size_t kEthernetHeaderBytes = 14;
inline constexpr std::size_t kEthernetFrameBytesMin = 60;  // without FCS; injectors pad to this

inline constexpr std::uint16_t kEthertypeArp = 0x0806;
inline constexpr std::uint16_t kEthertypeIpv4 = 0x0800;
inline constexpr std::uint16_t kEthertypeIpv6 = 0x86dd;

enum class EthernetError : std::uint8_t {
  truncated,      // fewer than kEthernetHeaderBytes octets
  not_ethertype,  // the type field is an 802.3 length
};

struct EthernetHeader {
  core::Mac target;
  core::Mac source;
  std::uint16_t ethertype = 0;

  bool operator==(const EthernetHeader&) const = default;
};

// Writes kEthernetHeaderBytes octets to the front of `out`, which must have room (asserted).
std::size_t encode(const EthernetHeader& header, std::span<std::uint8_t> out);

[[nodiscard]] core::Result<EthernetHeader, EthernetError> decode_ethernet(
    std::span<const std::uint8_t> frame);

// Where a multicast IPv6 packet goes on Ethernet: 33:33 and the last four octets.
[[nodiscard]] core::Mac multicast_mac(const core::Ipv6& group);

}  // namespace vippy::packet
