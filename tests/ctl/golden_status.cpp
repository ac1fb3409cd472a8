#include "tests/ctl/golden_status.h"

#include <algorithm>
#include <fstream>

namespace vippy::ctl {

namespace {

core::Vip vip_of(const Json& object) {
  core::Vip vip;
  vip.interface = object.at("name");
  vip.text = object.at("ip");
  vip.address = *core::parse_ip(vip.text);
  vip.prefix_length =
      vip.address.is_v4()
          ? *core::parse_netmask(object.at("netmask").get<std::string>())
          : static_cast<std::uint8_t>(std::stoi(object.at("prefixlen").get<std::string>()));
  return vip;
}

core::Group group_of(const Json& members) {
  core::Group group;
  for (const auto& member : members) {
    if (member.is_string()) {
      group.preferred = member;
    } else {
      group.vips.push_back(vip_of(member));
    }
  }
  return group;
}

std::shared_ptr<const core::Shared> shared_of(const Json& config) {
  auto shared = std::make_shared<core::Shared>();
  shared->version = config.at("version");
  shared->nodes = config.at("nodes");
  for (const auto& members : config.at("vips")) shared->groups.push_back(group_of(members));
  return shared;
}

std::size_t owner_of(const core::Group& group, const Json& ownership, const core::Shared& shared) {
  for (std::size_t node = 0; node < shared.nodes.size(); ++node) {
    if (!ownership.contains(shared.nodes[node])) continue;
    for (const auto& members : ownership.at(shared.nodes[node])) {
      if (group_of(members) == group) return node;
    }
  }
  return core::kNobody;
}

}  // namespace

std::vector<GoldenStatus> golden_statuses() {
  std::ifstream file(VIPPY_SOURCE_DIR "/tests/golden/vippy1/status.json");
  const auto golden = Json::parse(file);
  std::vector<GoldenStatus> statuses;
  for (const auto& one : golden.at("steady")) {
    statuses.push_back({one.at("status"), one.at("vippyctl")});
  }
  const auto& stopped = golden.at("after_stop");
  statuses.push_back({stopped.at("status"), stopped.at("vippyctl")});
  return statuses;
}

core::Status status_of(const Json& reference) {
  core::Status status;
  const auto& stats = reference.at("stats");
  const auto& state = reference.at("state");
  status.identity = reference.at("identity");
  status.counters.ignored = stats.at("net").at("ignore");
  status.counters.announcements_sent = stats.at("net").at("send-announce");
  status.counters.announcements_received = stats.at("net").at("recv-announce");
  status.counters.state_changes = stats.at("state-changes");
  status.shared = shared_of(reference.at("config"));
  status.is_mature = state.at("mature");
  status.is_active = state.at("active");
  if (state.at("inactive_reason").is_string()) status.inactive_reason = state["inactive_reason"];
  for (const auto& node : status.shared->nodes) {
    auto& peer = status.peers.emplace_back();
    peer.name = node;
    peer.is_self = node == status.identity;
    peer.is_active = state.at("ownership").contains(node);
  }
  for (const auto& group : status.shared->groups) {
    status.groups.emplace_back().owner = owner_of(group, state.at("ownership"), *status.shared);
  }
  return status;
}

}  // namespace vippy::ctl
