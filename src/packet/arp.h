// ARP over Ethernet for IPv4: build and read the frames that move a VIP.
//
// Purpose: after a takeover, tell hosts which MAC now answers for a VIP, and ask them whether
//          they know; read what others say of our VIPs.
// Purity:  bytes in, values out. No sockets, no clock, no allocation.
// Units:   offsets and sizes in octets.
// Errors:  ArpError for bytes from others; an assertion for our own misuse.
// Source:  RFC 826 (layout, cache merge rule); RFC 5227 section 2.3 (announcement form);
//          RFC 5944 section 4.6 (gratuitous ARP, request and reply form).
// Shape:   42 octets, every field big-endian:
//
//   offset size field           value written
//        0    6 ethernet dst     ff:ff:ff:ff:ff:ff, or one host's MAC when known
//        6    6 ethernet src     MAC of the interface that owns the VIP
//       12    2 ethertype        0x0806
//       14    2 htype            1 (Ethernet)
//       16    2 ptype            0x0800 (IPv4)
//       18    1 hlen             6 [octets]
//       19    1 plen             4 [octets]
//       20    2 oper             1 request, 2 reply
//       22    6 sender mac       same as ethernet src
//       28    4 sender ip        the VIP
//       32    6 target mac       zero in a request, the owner's in a reply to everybody,
//                                the host's in a directed reply
//       38    4 target ip        the VIP in an announcement, the host's IP in the others
//
// Injectors pad to the 60-octet Ethernet minimum; padding is not part of the frame here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/ip.h"
#include "core/result.h"

namespace vippy::packet {

inline constexpr std::size_t kArpFrameBytes = 42;
static_assert(kArpFrameBytes == 14 + 28, "ethernet header + ARP for IPv4 over Ethernet");

enum class ArpOperation : std::uint16_t { request = 1, reply = 2 };

// Why a frame was refused. Peers cause these: they are counted, never asserted.
enum class ArpError : std::uint8_t {
  truncated,      // fewer than kArpFrameBytes octets
  not_arp,        // ethertype is not 0x0806
  not_ipv4,       // htype/ptype/hlen/plen are not Ethernet/IPv4/6/4
  bad_operation,  // oper is neither 1 nor 2
  bad_sender,     // the sender's MAC is a group address: no host has it (RFC 1812 3.3.2)
};

struct ArpMessage {
  core::Mac ethernet_target;  // where the frame is sent
  ArpOperation operation = ArpOperation::request;
  core::Mac sender_mac;
  core::Ipv4 sender_ip;
  core::Mac target_mac;
  core::Ipv4 target_ip;

  bool operator==(const ArpMessage&) const = default;
};

// To everybody: "vip is at owner". Request form, sender ip == target ip (RFC 5227 section 2.3).
[[nodiscard]] ArpMessage arp_announcement(core::Ipv4 vip, core::Mac owner);

// The same in reply form, for hosts that learn from replies only (RFC 5944 section 4.6).
[[nodiscard]] ArpMessage arp_reply_announcement(core::Ipv4 vip, core::Mac owner);

// To one host: "vip is at owner". Mac::broadcast() as host_mac when its MAC is not known.
[[nodiscard]] ArpMessage arp_reply(core::Ipv4 vip, core::Mac owner, core::Ipv4 host,
                                   core::Mac host_mac);

// From the VIP to a host: "who has host? tell vip". The answer comes to the VIP's new MAC, and so
// proves that the host has learnt it. Mac::broadcast() when the host's MAC is not known.
[[nodiscard]] ArpMessage arp_request(core::Ipv4 vip, core::Mac owner, core::Ipv4 host,
                                     core::Mac host_mac);

// Writes exactly kArpFrameBytes octets to the front of `out` and returns kArpFrameBytes.
// Requires out.size() >= kArpFrameBytes (asserted: a short buffer is our bug, not the peer's).
std::size_t encode(const ArpMessage& message, std::span<std::uint8_t> out);

// Reads one frame. Octets past kArpFrameBytes are link padding and are ignored.
// For every message m whose sender_mac is no group address: decode_arp(encode(m)) == m.
[[nodiscard]] core::Result<ArpMessage, ArpError> decode_arp(std::span<const std::uint8_t> frame);

}  // namespace vippy::packet
