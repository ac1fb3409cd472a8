// The status of a node as text for people.
//
// Purpose: what `vippyctl status` prints: the reference's lines, and with Detail::verbose what
//          only our daemon tells.
// Purity:  the JSON text of a status in, lines out.
// Units:   ages in seconds, from two minutes on as hours:minutes:seconds.
// Bounds:  a status nests at most 64 deep.
// Errors:  nullopt for what is not a status. Fields that are missing or of another type are left
//          out, so that any daemon's reply can be shown; control characters are replaced.
// Shape:   "State:  active" or "State:  inactive (reason)", then a line for each group:
//
//   (*) n1: 10.77.1.1/16 P(n1)     this node's; P(...) is the group's preferred node
//       n2: fd77::9                another node's
//       _: 10.77.1.2/16            nobody's
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ctl/status_json.h"

namespace vippy::ctl {

enum class Detail : std::uint8_t { brief, verbose };

[[nodiscard]] std::optional<std::string> render_text(std::string_view status_json, Detail detail);

// What `failback` means to a node that returns; `failback` and `protocol` as in a status.
[[nodiscard]] std::string failback_text(const Json& failback, const Json& protocol);

}  // namespace vippy::ctl
