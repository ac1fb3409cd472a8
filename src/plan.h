// `vippyd --plan`: who would own each group, without touching anything.
//
// Purpose: show an operator what a configuration means before it is used.
// Purity:  values in, text out.
// Shape:   JSON: {"owner or _": [["preferred name, if any", "address", ...], ...], ...}: "_" first,
//          then the active nodes in the order of `nodes`; the groups of an owner as the reference
//          lists them (preferred placements first).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/config.h"

namespace vippy::hall {

// Names of `active` that are no nodes, for an error message.
[[nodiscard]] std::vector<std::string> strangers(const core::Shared& shared,
                                                 const std::vector<std::string>& active);

// `active` absent: all nodes are. Those that are active hear each other, and witnesses answer.
[[nodiscard]] std::string plan_text(const core::Config& config,
                                    const std::optional<std::vector<std::string>>& active);
[[nodiscard]] std::string plan_json(const core::Config& config,
                                    const std::optional<std::vector<std::string>>& active);

}  // namespace vippy::hall
