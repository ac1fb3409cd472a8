#include "ctl/command.h"

#include <array>

namespace vippy::ctl {

namespace {

struct Route {
  std::string_view method;
  std::string_view target;
  Command command;
};

const std::array<Route, 1>& routes() {
  static const std::array<Route, 1> table = {{{"GET", "/status", GetStatus{}}}};
  return table;
}

}  // namespace

core::Result<Command, CommandError> parse_command(const HttpRequest& request) {
  auto error = CommandError::unknown;
  for (const auto& route : routes()) {
    if (request.target != route.target) continue;
    if (request.method == route.method) return route.command;
    error = CommandError::wrong_method;
  }
  return core::failure(error);
}

}  // namespace vippy::ctl
