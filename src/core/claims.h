// Claims of a peer that runs another configuration, in the numbers of ours.
//
// Purpose: "I hold group 3" of one configuration as "it holds our group 5": a group is held when
//          any of its addresses is, so that no address is taken while somebody has it.
// Purity:  values in, values out.
// Bounds:  built in O(VIPs); O(VIPs) for one set.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/bitset.h"
#include "core/prepared.h"

namespace vippy::core {

class ClaimMap {
 public:
  ClaimMap() = default;
  ClaimMap(const Derived& theirs, const Derived& ours);

  // `claims` by their numbers; the answer has `ours`' size.
  [[nodiscard]] BitSet map(const BitSet& claims) const;

 private:
  std::vector<std::pair<std::uint16_t, std::uint16_t>> same_;  // groups of theirs and of ours
  std::size_t size_ = 0;
};

}  // namespace vippy::core
