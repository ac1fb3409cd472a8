// Claims of a peer that runs another configuration, in the numbers of ours.
//
// Purpose: "I hold group 3" of one configuration as "it holds our group 5": a group is held when
//          any of its addresses is, so that no address is taken while somebody has it.
// Purity:  values in, values out.
// Bounds:  built in O(VIPs log VIPs); O(groups) for one set.
#pragma once

#include <cstdint>
#include <vector>

#include "core/bitset.h"
#include "core/config.h"

namespace vippy::core {

class ClaimMap {
 public:
  ClaimMap() = default;
  ClaimMap(const Shared& theirs, const Shared& ours);

  // `claims` by their numbers; the answer has `ours`' size.
  [[nodiscard]] BitSet map(const BitSet& claims) const;

 private:
  std::vector<std::vector<std::uint16_t>> ours_of_;  // per group of theirs
  std::size_t size_ = 0;
};

}  // namespace vippy::core
