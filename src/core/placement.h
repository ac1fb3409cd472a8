// Which node each group belongs to by hash: the same answer on every node, without a word said.
//
// Purpose: rank the nodes for every group once per configuration; afterwards an owner is the
//          first active node in the group's ranking.
// Purity:  a value built from names and addresses; no time, no state of the cluster.
// Bounds:  groups x nodes x 2 octets; built in O(groups x nodes) hashes.
// Errors:  none at run time (a missing MD5 in the crypto library is asserted at start).
// Source:  docs/protocol.md, "Ownership": md5(node + "|" + first address) in lower-case hex, then
//          ":" and the node's name, in string order. RFC 1321 (MD5; placement, not security).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/config.h"

namespace vippy::core {

class Placement {
 public:
  Placement() = default;
  explicit Placement(const Shared& shared);

  // Owner of every group, in the order of shared.groups: its preferred node if that one is
  // active, else the first active node of its ranking, else kNobody. `active` is indexed as
  // shared.nodes and must have that size.
  [[nodiscard]] std::vector<std::size_t> owners(std::span<const bool> active) const;
  // The same for one group.
  [[nodiscard]] std::size_t owner(std::size_t group, std::span<const bool> active) const;
  // All nodes, best first: the preferred ones in their order, then as the hash places them.
  [[nodiscard]] std::span<const std::uint16_t> ranking(std::size_t group) const {
    return std::span(rankings_).subspan(group * nodes_, nodes_);
  }

 private:
  std::size_t nodes_ = 0;
  std::size_t groups_ = 0;
  std::vector<std::uint16_t> rankings_;  // per group: nodes_ node indices, best first
};

// The groups in the order in which the reference lists them: first those that their preferred node
// owns, then the rest, each in the order of the configuration.
[[nodiscard]] std::vector<std::size_t> listing_order(const Shared& shared,
                                                     std::span<const std::size_t> owners);

// The text that ranks one node for one address; the smallest wins.
[[nodiscard]] std::string placement_key(std::string_view node, std::string_view address);

}  // namespace vippy::core
