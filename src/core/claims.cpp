#include "core/claims.h"

namespace vippy::core {

ClaimMap::ClaimMap(const Derived& theirs, const Derived& ours) : size_(ours.groups) {
  auto at = ours.group_of.begin();
  for (const auto& [address, group] : theirs.group_of) {
    while (at != ours.group_of.end() && at->first < address) ++at;
    if (at == ours.group_of.end()) return;
    if (at->first == address) same_.emplace_back(group, at->second);
  }
}

BitSet ClaimMap::map(const BitSet& claims) const {
  BitSet out(size_);
  for (const auto& [theirs, ours] : same_) {
    if (claims.test(theirs)) out.set(ours);
  }
  return out;
}

}  // namespace vippy::core
