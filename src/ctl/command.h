// What an operator can ask of the daemon: one type for each command, one table of routes.
//
// Purpose: a request becomes a value that the hall answers; later commands join the variant and
//          the table and nothing else.
// Purity:  values in, values out. Nothing is decided here.
// Errors:  CommandError: there is no such command, or its method is another one.
// Source:  docs/management.md.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "ctl/http.h"

namespace vippy::ctl {

struct GetStatus {
  bool operator==(const GetStatus&) const = default;
};

using Command = std::variant<GetStatus>;

enum class CommandError : std::uint8_t {
  unknown,       // 404
  wrong_method,  // 405
};

[[nodiscard]] core::Result<Command, CommandError> parse_command(const HttpRequest& request);

// The answer to a command: what the hall hands back to the server.
struct Answer {
  int status = 200;
  std::string body;  // JSON
};

}  // namespace vippy::ctl
