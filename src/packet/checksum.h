// The internet checksum, plain and with the IPv6 pseudo-header.
//
// Purpose: write and verify the checksum of ICMPv6 messages.
// Purity:  bytes in, a number out.
// Units:   octets; the answer is in host order and goes into the frame big-endian.
// Errors:  none: every span has a checksum.
// Source:  RFC 1071 (algorithm); RFC 8200 section 8.1 (pseudo-header); RFC 4443 section 2.3.
#pragma once

#include <cstdint>
#include <span>

#include "core/ip.h"

namespace vippy::packet {

// The one's complement of the one's complement sum; an odd last octet counts as if followed by
// zero. Over bytes that hold their own correct checksum the answer is 0.
[[nodiscard]] std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes);

// The checksum of an ICMPv6 message between these addresses. To compute one, zero its field.
[[nodiscard]] std::uint16_t icmpv6_checksum(const core::Ipv6& source,
                                            const core::Ipv6& destination,
                                            std::span<const std::uint8_t> message);

}  // namespace vippy::packet
