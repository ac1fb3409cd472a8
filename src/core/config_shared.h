// What all nodes must agree on, read from the file: version, vips, nodes.
//
// Purpose: the part of the reader that knows groups, VIPs and node names.
// Purity:  tree in, value out; faults go to the log.
// Bounds:  kNodesMax, kGroupsMax, kVipsMax, kNodeNameOctetsMax.
// Errors:  in the log; what comes back is then incomplete and must not be used.
#pragma once

#include "core/config.h"
#include "core/config_problems.h"
#include "core/tree_json.h"

namespace vippy::core {

// From the members `version` (optional), `vips` and `nodes` of the whole object.
[[nodiscard]] Shared read_shared(const JsonNode& root, ProblemLog& log);

}  // namespace vippy::core
