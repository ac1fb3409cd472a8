// Who is to have a group, and who may let go of it: ownership by facts, for protocol 2.
//
// Purpose: from what every node of the view announces (active, settled, what it holds, what it
//          cannot hold) to the one that is to have each group; and for a holder, whether somebody
//          else has it now.
// Purity:  pure functions of announced facts: nodes with the same facts answer the same.
// Bounds:  O(nodes) for a group.
// Errors:  none; nobody fit is kNobody.
// Source:  docs/protocol.md, "Protocol 2: ownership and hand-over".
//
// A node is fit for a group when it is active and does not refuse it. Among the fit ones the group
// goes to the first of its ranking that is settled or holds the group already; when there is no
// such node, to the first fit one, and when every active node refuses it, to the first of them: it
// holds what it can of it. Failback is thereby each node's own announcement: with
// "immediate" a node is settled as soon as it is active, with a number of seconds after that time,
// with "never" not at all: then a node takes only what nobody holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/bitset.h"
#include "core/config.h"

namespace vippy::core {

// What a node announces, as far as it matters here.
struct NodeFacts {
  bool is_active = false;
  bool is_settled = false;
  bool is_taken_at_its_word = false;  // speaks protocol 1: what it is to have, it has
  const BitSet* claims = nullptr;    // null: none
  const BitSet* refusals = nullptr;  // null: none
  const BitSet* parts = nullptr;     // of which it has something and not all; null: none

  [[nodiscard]] bool claims_group(std::size_t group) const {
    return claims != nullptr && claims->test(group);
  }
  // As far as others can tell: what a node of protocol 1 is to have, it has.
  [[nodiscard]] bool surely_has(std::size_t group) const {
    return claims_group(group) || is_taken_at_its_word;
  }
  [[nodiscard]] bool has_some_of(std::size_t group) const {
    return claims_group(group) || (parts != nullptr && parts->test(group));
  }
  [[nodiscard]] bool is_fit(std::size_t group) const {
    return is_active && (refusals == nullptr || !refusals->test(group));
  }
};

// The node that is to have `group`, or kNobody. `ranking`: node indices, best first.
[[nodiscard]] std::size_t allot(std::size_t group, std::span<const std::uint16_t> ranking,
                                std::span<const NodeFacts> nodes);

// Should `self` have the group in its kernel now?
//   make_first:  the owner takes it at once; a holder keeps it until the owner holds it too.
//   break_first: a holder lets go at once; the owner waits until nobody else holds it.
// What is to go to nobody, an active node does not keep.
[[nodiscard]] bool should_hold(std::size_t group, std::size_t owner, std::size_t self,
                               std::span<const NodeFacts> nodes, HandOver how);

}  // namespace vippy::core
