#include "ctl/command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_text.h"
#include "core/listing.h"
#include "ctl/render_json.h"

namespace vippy::ctl {

namespace {

struct Route {
  std::string_view method;
  std::string_view target;
  Command command;
};

const std::array<Route, 3>& routes() {
  static const std::array<Route, 3> table = {
      {{"GET", "/status", GetStatus{}},
       {"POST", "/drain", GiveOrder{core::OrderKind::drain, ""}},
       {"POST", "/undrain", GiveOrder{core::OrderKind::undrain, ""}}}};
  return table;
}

// Nothing, {} or {"node": "NAME"}. A slip of the pen must not drain the wrong node: everything
// else is refused, the empty name too.
std::optional<std::string> node_of(const std::string& body) {
  if (body.find_first_not_of(" \t\r\n") == std::string::npos) return "";
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || json.size() > 1) return std::nullopt;
  if (json.empty()) return "";
  const auto node = json.find("node");
  if (node == json.end() || !node->is_string()) return std::nullopt;
  const auto& name = node->get_ref<const std::string&>();
  return name.empty() ? std::nullopt : std::optional(name);
}

std::string_view word(core::OrderKind what) {
  return what == core::OrderKind::drain ? "drain" : "undrain";
}

Answer refusal(int status, std::string_view text) { return {status, error_body(text)}; }

}  // namespace

core::Result<Command, CommandError> parse_command(const HttpRequest& request) {
  for (const auto& route : routes()) {
    if (request.target != route.target) continue;
    if (request.method != route.method) return core::failure(CommandError::wrong_method);
    auto command = route.command;
    if (auto* order = std::get_if<GiveOrder>(&command)) {
      auto node = node_of(request.body);
      if (!node) return core::failure(CommandError::bad_body);
      order->node = std::move(*node);
    }
    return command;
  }
  return core::failure(CommandError::unknown);
}

std::string_view method_of(std::string_view target) {
  for (const auto& route : routes()) {
    if (route.target == target) return route.method;
  }
  return {};
}

Answer answer_to(const GiveOrder& order, const core::Status& status) {
  const auto& name = order.node.empty() ? status.identity : order.node;
  const auto& peers = status.peers;
  const auto peer = std::find_if(peers.begin(), peers.end(),
                                 [&](const auto& one) { return one.name == name; });
  if (peer == peers.end()) {
    std::string names;
    for (const auto& one : peers) core::append_item(names, one.name);
    return refusal(404, fmt::format("{} is not one of the nodes; they are {}",
                                    order.node.empty() ? "this node" : order.node,
                                    names.empty() ? "none" : names));
  }
  if (!peer->is_self && peer->protocol == 0) {
    return refusal(409, fmt::format("{0} is not heard here: nothing can be asked of it; run "
                                    "vippyctl {1} on {0} itself", name, word(order.what)));
  }
  if (!peer->is_self && peer->protocol == 1) {
    return refusal(409, fmt::format("{0} is heard in protocol 1, which has no orders; run "
                                    "vippyctl {1} on {0} itself", name, word(order.what)));
  }
  std::string body = fmt::format("{{\"asked\":\"{}\",\"node\":", word(order.what));
  core::append_json_string(body, name);
  if (name == status.identity) {
    const auto protocol = core::kProtocolNames[static_cast<std::size_t>(status.protocol)];
    body += fmt::format(",\"failback\":{},\"protocol\":\"{}\"", failback_json(status), protocol);
  }
  return {202, body += '}'};
}

}  // namespace vippy::ctl
