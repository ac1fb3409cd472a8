// Neighbour discovery over Ethernet: build and read the frames that move an IPv6 VIP.
//
// Purpose: after a takeover, tell hosts which MAC now answers for a VIP (advertisement), and ask
//          them whether they know (solicitation); read what others say of our VIPs.
// Purity:  bytes in, values out. No sockets, no clock, no allocation.
// Units:   offsets and sizes in octets; option lengths in units of 8 octets, as on the wire.
// Errors:  NdpError for bytes from others; an assertion for our own misuse.
// Source:  RFC 4861 sections 4.3, 4.4, 4.6.1 (layout), 7.1 (what to refuse), 7.2.6 (unsolicited);
//          RFC 6980 (fragments and so extension headers are refused); RFC 4291 2.7.1.
// Shape:   86 octets with the link-layer option, 78 without, every field big-endian:
//
//   offset size field           value written
//        0   14 ethernet         dst a host or 33:33 and the group's last octets; type 0x86dd
//       14    4 version, class   6, 0, flow label 0
//       18    2 payload length   32 or 24
//       20    1 next header      58 (ICMPv6)
//       21    1 hop limit        255: no router lets a foreign one through
//       22   16 source           the VIP
//       38   16 destination      ff02::1, a solicited-node group, or a host
//       54    1 type             135 solicitation, 136 advertisement
//       55    1 code             0
//       56    2 checksum         ICMPv6 with pseudo-header
//       58    4 flags            advertisement: R 0x80, S 0x40, O 0x20 in the first octet; else 0
//       62   16 target           the VIP (advertisement), the host (solicitation)
//       78    1 option type      1 source (solicitation), 2 target (advertisement)
//       79    1 option length    1
//       80    6 link-layer       MAC of the sender
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "core/ip.h"
#include "core/result.h"

namespace vippy::packet {

inline constexpr std::size_t kNdpFrameBytesMax = 86;
static_assert(kNdpFrameBytesMax == 14 + 40 + 24 + 8, "ethernet + IPv6 + NA or NS + one option");

// Why a frame was refused. Peers cause these: they are counted, never asserted.
enum class NdpError : std::uint8_t {
  truncated,       // shorter than its headers, or than its payload length says
  not_ipv6,        // another ethertype or IP version
  not_icmpv6,      // another next header (extension headers among them)
  other_type,      // ICMPv6, but not the message asked for
  bad_hop_limit,   // not 255: it may come from beyond this segment
  bad_checksum,
  bad_code,        // not 0
  bad_source,      // multicast; unspecified where RFC 4861 does not allow it
  bad_target,      // multicast or unspecified
  bad_flags,       // S set in an advertisement to a group
  bad_option,      // length 0, past the end, or a link-layer address that is not 6 octets
};

struct NeighbourAdvertisement {
  core::Mac ethernet_target;
  core::Mac ethernet_source;
  core::Ipv6 source;
  core::Ipv6 destination;
  core::Ipv6 target;  // the address that is spoken of
  bool is_router = false;
  bool is_solicited = false;
  bool is_override = false;
  std::optional<core::Mac> link_layer;  // the MAC that `target` is at

  bool operator==(const NeighbourAdvertisement&) const = default;
};

struct NeighbourSolicitation {
  core::Mac ethernet_target;
  core::Mac ethernet_source;
  core::Ipv6 source;  // unspecified: somebody probes for duplicates
  core::Ipv6 destination;
  core::Ipv6 target;  // the address that is asked for
  std::optional<core::Mac> link_layer;  // the MAC that `source` is at

  bool operator==(const NeighbourSolicitation&) const = default;
};

// R flag: whether this host forwards. A wrong `no` makes hosts drop their default route
// (RFC 4861 7.2.5), so the caller must know.
enum class RouterFlag : std::uint8_t { no, yes };

// To all nodes: "vip is at owner", unsolicited, override (RFC 4861 7.2.6).
[[nodiscard]] NeighbourAdvertisement ndp_announcement(const core::Ipv6& vip, core::Mac owner,
                                                      RouterFlag router);

// The same to one host, whose MAC must be known.
[[nodiscard]] NeighbourAdvertisement ndp_advertisement(const core::Ipv6& vip, core::Mac owner,
                                                       RouterFlag router, const core::Ipv6& host,
                                                       core::Mac host_mac);

// From the VIP to a host: "where is host?". The answer comes to the VIP's new MAC, and so proves
// that the host has learnt it. With its MAC: unicast; without: to its solicited-node group.
[[nodiscard]] NeighbourSolicitation ndp_solicitation(const core::Ipv6& vip, core::Mac owner,
                                                     const core::Ipv6& host,
                                                     std::optional<core::Mac> host_mac);

// ff02::1:ff00:0/104 and the last three octets of the address (RFC 4291 2.7.1).
[[nodiscard]] core::Ipv6 solicited_node_group(const core::Ipv6& address);
[[nodiscard]] core::Ipv6 all_nodes_group();  // ff02::1

// Write the frame to the front of `out` and return its length, 78 or 86 octets.
// Require out.size() >= kNdpFrameBytesMax (asserted).
std::size_t encode(const NeighbourAdvertisement& message, std::span<std::uint8_t> out);
std::size_t encode(const NeighbourSolicitation& message, std::span<std::uint8_t> out);

// Read one frame. Octets past the IPv6 payload are link padding and are ignored, unknown options
// are skipped. For every message m that these return: decode(encode(m)) == m.
[[nodiscard]] core::Result<NeighbourAdvertisement, NdpError> decode_na(
    std::span<const std::uint8_t> frame);
[[nodiscard]] core::Result<NeighbourSolicitation, NdpError> decode_ns(
    std::span<const std::uint8_t> frame);

}  // namespace vippy::packet
