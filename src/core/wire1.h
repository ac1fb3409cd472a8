// The announcement of protocol 1: one JSON object in one UDP datagram.
//
// Purpose: speak exactly as the reference does, so that both can sit in one cluster.
// Purity:  bytes <-> value. No hash is judged here (auth.h), nobody is believed (membership.h).
// Bounds:  kDatagramOctetsMax, kNodesMax, kGroupsMax, kVipsMax, kNeighboursMax.
// Errors:  WireError for bytes from others, counted; encode cannot fail: what does not fit into a
//          datagram goes without the neighbour table, and a configuration that does not fit even
//          so was refused when it was read.
// Source:  docs/protocol.md, "Protocol 1"; ECMA-404 (JSON).
// Shape:   {"me","active","version","vips","nodes","hash","nonce","arpcache"} in this order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth.h"
#include "core/config.h"
#include "core/ip.h"
#include "core/result.h"

namespace vippy::core {

struct NeighbourEntry {
  IpAddress address;
  Mac mac;
  bool operator==(const NeighbourEntry&) const = default;
};

struct Announcement {
  std::string me;
  bool is_active = false;
  std::shared_ptr<const Shared> shared;  // `interface` of a VIP is the sender's
  Digest hash{};
  std::string nonce;
  std::vector<NeighbourEntry> neighbours;
};

// Why a datagram was refused before anybody looked at its hash.
enum class WireError : std::uint8_t {
  too_large,       // more than kDatagramOctetsMax
  not_json,        // not one JSON object
  missing_field,   // a field is absent or of the wrong type
  bad_hash_text,   // the hash is not 64 hex digits
  bad_vip,         // an entry of `vips` is no address, group or netmask
  too_many,        // more nodes, groups or VIPs than the limits
};

[[nodiscard]] std::string_view name(WireError error);

// Writes the datagram into `out` (its old contents are dropped, its memory is used again).
void encode(const Announcement& announcement, std::string& out);

[[nodiscard]] Result<Announcement, WireError> decode_announcement(
    std::span<const std::uint8_t> bytes);

// The octets that an announcement of this configuration takes without any neighbours.
[[nodiscard]] std::size_t announcement_octets(const Shared& shared, std::string_view me);

}  // namespace vippy::core
