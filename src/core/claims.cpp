#include "core/claims.h"

#include <algorithm>
#include <map>

namespace vippy::core {

ClaimMap::ClaimMap(const Shared& theirs, const Shared& ours) : size_(ours.groups.size()) {
  std::map<IpAddress, std::uint16_t> group_of;
  for (std::size_t i = 0; i < ours.groups.size(); ++i) {
    for (const auto& vip : ours.groups[i].vips) {
      group_of.emplace(vip.address, static_cast<std::uint16_t>(i));
    }
  }
  for (const auto& group : theirs.groups) {
    auto& into = ours_of_.emplace_back();
    for (const auto& vip : group.vips) {
      const auto found = group_of.find(vip.address);
      if (found == group_of.end()) continue;
      if (std::find(into.begin(), into.end(), found->second) == into.end()) {
        into.push_back(found->second);
      }
    }
  }
}

BitSet ClaimMap::map(const BitSet& claims) const {
  BitSet out(size_);
  for (std::size_t i = 0; i < std::min(ours_of_.size(), claims.size()); ++i) {
    if (!claims.test(i)) continue;
    for (const auto group : ours_of_[i]) out.set(group);
  }
  return out;
}

}  // namespace vippy::core
