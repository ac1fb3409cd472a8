// The HTTP target of a command line's command.
//
// Purpose: "status" -> "/status"; a command that vippyctl does not know goes out the same way.
// Purity:  text in, text out.
// Source:  RFC 3986 sections 2.1, 3.3, 3.4: what a path or query may not hold is percent-encoded.
#pragma once

#include <string>
#include <string_view>

namespace vippy::ctl {

[[nodiscard]] std::string target_of(std::string_view command);

}  // namespace vippy::ctl
