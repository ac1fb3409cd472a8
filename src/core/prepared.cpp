#include "core/prepared.h"

#include <algorithm>

#include "core/shared_json.h"

namespace vippy::core {

Prepared prepare(std::shared_ptr<const Shared> shared) {
  auto out = std::make_shared<Derived>();
  out->text = format_shared(*shared);
  out->digest = content_digest(out->text);
  out->placement = Placement(*shared);
  out->groups = shared->groups.size();
  for (std::size_t i = 0; i < shared->groups.size(); ++i) {
    for (const auto& vip : shared->groups[i].vips) {
      out->group_of.emplace_back(vip.address, static_cast<std::uint16_t>(i));
    }
  }
  std::sort(out->group_of.begin(), out->group_of.end());
  return {std::move(shared), std::move(out)};
}

}  // namespace vippy::core
