// What an operator can ask of the daemon: one type for each command, one table of routes.
//
// Purpose: a request becomes a value that the hall answers; later commands join the variant and
//          the table and nothing else.
// Purity:  values in, values out. Nothing is decided here.
// Errors:  CommandError: there is no such command, its method is another one, or its body is not
//          what it takes. An order that cannot reach its node is answered with why.
// Source:  docs/management.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"
#include "core/status.h"
#include "core/wire2.h"
#include "ctl/http.h"

namespace vippy::ctl {

struct GetStatus {
  bool operator==(const GetStatus&) const = default;
};

// POST /drain, POST /undrain: one node is to give its groups away, or may have some again.
struct GiveOrder {
  core::OrderKind what = core::OrderKind::drain;
  std::string node;  // empty: the one that is asked
  bool operator==(const GiveOrder&) const = default;
};

using Command = std::variant<GetStatus, GiveOrder>;

enum class CommandError : std::uint8_t {
  unknown,       // 404
  wrong_method,  // 405
  bad_body,      // 400
};

[[nodiscard]] core::Result<Command, CommandError> parse_command(const HttpRequest& request);

// The method that a target takes; empty for an unknown one.
[[nodiscard]] std::string_view method_of(std::string_view target);

// The answer to a command: what the hall hands back to the server.
struct Answer {
  int status = 200;
  std::string body;  // JSON
};

// 202: the order is to be handed to the node. Else why it cannot reach the one it is for.
[[nodiscard]] Answer answer_to(const GiveOrder& order, const core::Status& status);

}  // namespace vippy::ctl
