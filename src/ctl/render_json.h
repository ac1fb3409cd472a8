// The status of a node as JSON.
//
// Purpose: the body of GET /status: the reference's fields in the reference's order and shape,
//          then ours under the key "vippy".
// Purity:  a value in, text out, without spaces.
// Units:   seconds, with three decimals in "heard_ago" and "since", with six in the other times;
//          counts elsewhere.
// Errors:  none. An owner index that is no node counts as kNobody.
// Order:   "ownership" has "_" first (groups of nobody), then the active nodes in the order of
//          the configuration; a node's preferred groups come before those that are placed on it.
// Source:  tests/golden/vippy1/status.json; docs/management.md.
#pragma once

#include <string>

#include "core/status.h"

namespace vippy::ctl {

[[nodiscard]] std::string render_json(const core::Status& status);

// As in a status: "immediate" or "never", in quotes, or seconds.
[[nodiscard]] std::string failback_json(const core::Status& status);

}  // namespace vippy::ctl
