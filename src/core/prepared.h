// What the cluster agrees on, with everything that follows from it alone.
//
// Purpose: what takes long for thousands of VIPs (hashes, the canonical text, tables) is made once,
//          beside the loop, and handed in as a finished value.
// Purity:  a pure function of the contents; nothing of it changes afterwards, so that several
//          threads may read it.
// Bounds:  O(groups x nodes) hashes and O(VIPs log VIPs) to make it.
// Source:  docs/adr/0010-configuration-beside-the-loop.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config.h"
#include "core/placement.h"
#include "core/wire2.h"

namespace vippy::core {

struct Derived {
  std::string text;          // canonical: see shared_json.h
  ContentDigest digest = 0;  // of the text
  Placement placement;
  std::size_t groups = 0;
  std::vector<std::pair<IpAddress, std::uint16_t>> group_of;  // of each address, sorted
};

// The VIPs' places on this host are in `shared` and not in the rest: the same contents with VIPs
// elsewhere share it.
struct Prepared {
  std::shared_ptr<const Shared> shared = std::make_shared<Shared>();
  std::shared_ptr<const Derived> derived = std::make_shared<Derived>();
};

[[nodiscard]] Prepared prepare(std::shared_ptr<const Shared> shared);

}  // namespace vippy::core
