// What the cluster agrees on as one canonical text: it is what a digest of protocol 2 stands for.
//
// Purpose: {"version":7,"nodes":["a","b"],"vips":[[["a","b"],{"ip":"10.0.0.5/24","state":{}}],
//          ...]} without spaces; where a VIP lies on a host is that host's and not in it.
// Purity:  value <-> text. Nobody is believed here.
// Bounds:  kConfigOctetsMax, kNodesMax, kGroupsMax, kVipsMax, kPreferredMax.
// Errors:  nullopt for a text that is not of this form; encoding cannot fail.
// Source:  docs/protocol.md, "Protocol 2: contents".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config.h"

namespace vippy::core {

// For every `shared`: parse_shared(format_shared(shared)) is it, with empty interface names.
[[nodiscard]] std::string format_shared(const Shared& shared);
[[nodiscard]] std::optional<Shared> parse_shared(std::string_view text);

}  // namespace vippy::core
