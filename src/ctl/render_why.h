// Why a group is where it is, for people.
//
// Purpose: what `vippyctl why [ADDRESS]` prints: owner, since when, the reason in words, and who
//          else could have it; or the JSON of that group alone.
// Purity:  the JSON text of a status and an address in, lines out. Nothing is decided here: it is
//          what the daemon said of its reasons and of its peers.
// Bounds:  a status nests at most 64 deep.
// Errors:  not_a_status (of our daemon), no_such_group.
// Shape:
//
//   10.77.1.1: on n1 (this node) for 0:21:05
//       why:       the owner before was lost: not heard for longer than stale
//       prefers:   n2
//       others:    n3 could take it; n2 cannot: not heard
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace vippy::ctl {

enum class WhyError : std::uint8_t { not_a_status, no_such_group };

// `address`: one of the group's, with or without its length; empty: all groups.
[[nodiscard]] core::Result<std::string, WhyError> render_why(std::string_view status_json,
                                                             std::string_view address);

// What the status says of the group with this address, and its addresses as `vips`.
[[nodiscard]] core::Result<std::string, WhyError> why_json(std::string_view status_json,
                                                           std::string_view address);

}  // namespace vippy::ctl
