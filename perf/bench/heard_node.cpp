#include "perf/bench/heard_node.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "core/limits.h"
#include "core/sessions.h"

namespace vippy::bench {

using core::kNobody;

namespace {

// Twice the time in which a node of this configuration matures, is proven and takes its groups.
constexpr int kIntervalsToSettle = 40;
// Until a peer that was lost has been heard and has its groups again.
constexpr int kIntervalsToReturn = 5;

std::string node_name(std::size_t node) { return fmt::format("n{:03}", node); }

}  // namespace

core::Config cluster_config(std::size_t nodes, std::size_t groups) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < nodes; ++i) names.push_back(node_name(i));
  std::vector<std::pair<std::string, std::string>> addresses;
  for (std::size_t i = 0; i < groups; ++i) {
    addresses.emplace_back("", fmt::format("10.1.{}.{}/16", i / 250, i % 250 + 1));
  }
  return core::talking_config(1, names, addresses);
}

core::Keyring cluster_keys() {
  static constexpr std::array<std::string_view, 1> kSecrets = {"s"};
  return core::Keyring(kSecrets);
}

Octets encoded(const core::Message& message, const core::Keyring& keys) {
  static Octets room(core::kDatagramOctetsMax);
  const auto size = static_cast<std::ptrdiff_t>(core::encode(message, keys, room));
  return {room.begin(), room.begin() + size};
}

HeardNode::HeardNode(std::size_t nodes, std::size_t groups)
    : config_(cluster_config(nodes, groups)), stepped_(node_name(0)) {
  for (std::size_t i = 0; i < nodes; ++i) {
    voices_.push_back({{core::node_id(node_name(i)), 1000 + i, 0}, core::BitSet(groups)});
  }
  stepped_.start(config_);
  for (int i = 0; i < kIntervalsToSettle; ++i) pass_interval();
  claim_what_is_owned();
  for (int i = 0; i < kIntervalsToSettle; ++i) pass_interval();
  const auto status = stepped_.status();
  made_ = status.counters.announcements_received;  // what was not believed at first is forgotten
  for (const auto& group : status.groups) {
    if (group.owner == kNobody) throw std::logic_error("a group has no owner");
  }
}

core::IpAddress HeardNode::address_of(std::size_t peer) {
  return *core::parse_ip(fmt::format("10.0.0.{}", peer + 1));
}

core::Message HeardNode::announcement(std::size_t peer) {
  auto& voice = voices_[peer];
  ++voice.sender.sequence;
  ++made_;
  core::Message out{voice.sender, own_.body};
  auto& beat = std::get<core::Beat>(out.body);
  beat.is_active = beat.is_settled = true;
  beat.is_leaving = false;
  beat.neighbours = 0;
  beat.candidates.clear();
  for (std::size_t i = 0; i < voices_.size(); ++i) {
    beat.echoes[i] = core::echo_of(i == 0 ? own_.sender : voices_[i].sender);
    beat.view.set(i);
  }
  beat.claims = voice.claims;
  beat.refusals = beat.parts = {};
  return out;
}

void HeardNode::turn() {
  stepped_.tick();
  stepped_.comply();
  for (const auto& action : stepped_.actions) {
    const auto* send = std::get_if<core::SendMessage>(&action);
    if (send == nullptr || !std::holds_alternative<core::Beat>(send->message.body)) continue;
    own_ = send->message;
  }
  stepped_.forget();
}

void HeardNode::pass_interval(std::size_t lost) {
  stepped_.now += config_.interval;
  turn();
  if (own_.sender.sequence == 0) return;  // there is nothing to echo yet
  for (std::size_t i = 1; i < voices_.size(); ++i) {
    if (i == lost) continue;
    stepped_.step(core::MessageHeard{announcement(i), address_of(i), stepped_.now});
  }
  turn();
}

void HeardNode::lose(std::size_t peer) {
  for (core::Duration passed{}; passed < config_.stale; passed += config_.interval) {
    pass_interval(peer);
  }
}

void HeardNode::recover() {
  for (int i = 0; i < kIntervalsToReturn; ++i) pass_interval();
}

std::size_t HeardNode::owned_by(std::size_t peer) const {
  std::size_t count = 0;
  for (const auto& group : stepped_.status().groups) count += group.owner == peer ? 1 : 0;
  return count;
}

bool HeardNode::believed_all() const {
  return stepped_.status().counters.announcements_received == made_;
}

void HeardNode::claim_what_is_owned() {
  const auto status = stepped_.status();
  for (std::size_t i = 0; i < status.groups.size(); ++i) {
    const auto owner = status.groups[i].owner;
    if (owner != kNobody) voices_[owner].claims.set(i);
  }
}

void HeardNode::comply_with(core::Actions& actions) {
  for (auto& action : actions) stepped_.actions.push_back(std::move(action));
  actions.clear();
  turn();
}

HeardNode& heard_node(std::size_t nodes, std::size_t groups) {
  static std::map<std::pair<std::size_t, std::size_t>, HeardNode> made;
  return made.try_emplace({nodes, groups}, nodes, groups).first->second;
}

}  // namespace vippy::bench
