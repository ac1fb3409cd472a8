// A neighbour table as the content that a digest of protocol 2 stands for.
//
// Purpose: thousands of neighbours travel once, and again only when they differ.
// Purity:  values <-> octets.
// Bounds:  kNeighboursMax entries.
// Errors:  nullopt for octets that are not of this form; entries that are no hosts are left out.
// Source:  docs/protocol.md, "Protocol 2: contents".
// Shape:   for each entry 1 octet family (4 or 6), the address, 6 octets MAC.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire1.h"

namespace vippy::core {

[[nodiscard]] std::string format_neighbours(const std::vector<NeighbourEntry>& entries);
[[nodiscard]] std::optional<std::vector<NeighbourEntry>> parse_neighbours(std::string_view text);

}  // namespace vippy::core
