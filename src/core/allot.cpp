#include "core/allot.h"

#include "core/assert.h"
#include "core/status.h"

namespace vippy::core {

std::size_t allot(std::size_t group, std::span<const std::uint16_t> ranking,
                  std::span<const NodeFacts> nodes) {
  std::size_t first_fit = kNobody;
  std::size_t first_active = kNobody;
  for (const std::size_t node : ranking) {
    const auto& facts = nodes[node];
    if (facts.is_active && first_active == kNobody) first_active = node;
    if (!facts.is_fit(group)) continue;
    if (facts.is_settled || facts.claims_group(group)) return node;
    if (first_fit == kNobody) first_fit = node;
  }
  // A group that every node refuses is held as far as it can be.
  return first_fit != kNobody ? first_fit : first_active;
}

bool should_hold(std::size_t group, std::size_t owner, std::size_t self,
                 std::span<const NodeFacts> nodes, HandOver how) {
  VIPPY_ASSERT(self < nodes.size());
  const bool holds = nodes[self].has_some_of(group);
  if (owner == kNobody) return false;
  if (how == HandOver::make_first) {
    if (owner == self) return true;
    return holds && !nodes[owner].surely_has(group);
  }
  if (owner != self) return false;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    if (node != self && nodes[node].has_some_of(group)) return holds;
  }
  return true;
}

}  // namespace vippy::core
