#include "ctl/render_why.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/ip.h"
#include "core/listing.h"
#include "ctl/render_text.h"
#include "ctl/status_json.h"

namespace vippy::ctl {

namespace {

// The names of core::MoveReason as sentences.
constexpr std::pair<std::string_view, std::string_view> kSentences[] = {
    {"start", "this node found it so when it began to decide"},
    {"owner silent", "the owner before was lost: not heard for longer than stale"},
    {"owner left",
     "the owner before said that it leaves: a stop, a drain, or something failed there"},
    {"preferred node returned", "its preferred node is back"},
    {"placed node returned", "the node that it is placed on is back"},
    {"configuration changed", "the configuration was changed"},
    {"nobody had it", "nobody had it, and now a node is there for it"},
    {"no node is active", "no node that is heard here is active"},
    {"owner does not hear us",
     "the owner before does not hear this node and counts it as lost"},
    {"owner cannot hold it",
     "the owner before has no link or interface for it, or its kernel refuses"},
    {"owner has other contents",
     "the owner before runs the same version with different contents: make the files equal"},
    {"owner died or hung",
     "the guard of the owner before said that its vippyd is dead or hangs: see the log there"},
};

std::string sentence(const Json& reason) {
  const auto text = text_of(reason);
  for (const auto& [name, words] : kSentences) {
    if (name == text) return std::string(words);
  }
  return text;
}

bool has_address(const Json& members, std::string_view address) {
  const auto wanted = core::parse_ip(address.substr(0, address.find('/')));
  for (const auto& one : members) {
    const auto& ip = member(one, "ip");
    if (!ip.is_string()) continue;
    const auto& text = ip.get_ref<const std::string&>();
    if (text == address || (wanted && core::parse_ip(text) == wanted)) return true;
  }
  return false;
}

std::string preferred_of(const Json& members) {
  std::string out;
  for (const auto& one : members) {
    if (one.is_string()) core::append_item(out, text_of(one));
  }
  return out;
}

// Why a node cannot have a group now, as far as it can be seen from here; empty: it could.
std::string obstacle(const Json& peer, const Json& state) {
  const bool is_self = is_true(member(peer, "self"));
  const auto& out = member(peer, "out");
  const auto& heard = member(peer, "heard_ago");
  if (out.is_string() && !heard.is_number()) return text_of(out);
  if (out.is_string()) return fmt::format("{} (heard {} ago)", text_of(out), age_of(heard));
  if (!is_self && !member(peer, "heard_ago").is_number()) return "not heard";
  const auto& hears_us = member(peer, "hears_us");
  if (hears_us.is_boolean() && !is_true(hears_us)) return "it does not hear this node";
  if (is_true(member(peer, "leaving"))) return "it stops or is drained";
  if (is_true(member(peer, "active"))) return "";
  return is_self ? text_of(member(state, "inactive_reason"), "inactive") : "inactive";
}

bool is_refused_by(const Json& group, const std::string& node) {
  const auto& refused = member(group, "refused_by");
  return refused.is_array() && std::find(refused.begin(), refused.end(), node) != refused.end();
}

std::string others_of(const Json& peers, const std::string& owner, const Json& group,
                      const Json& state) {
  std::string able;
  std::string unable;
  for (const auto& peer : peers) {
    const auto name = text_of(member(peer, "name"));
    if (name == owner) continue;
    auto why = obstacle(peer, state);
    if (why.empty() && is_refused_by(group, name)) {
      why = "it has no interface for it, or its kernel refuses it (see its status)";
    }
    if (why.empty()) {
      core::append_item(able, name);
    } else {
      unable += fmt::format("; {} cannot: {}", name, why);
    }
  }
  return (able.empty() ? "nobody else could take it" : able + " could take it") + unable;
}

// Does it prefer a node that could take it, and is not where it is?
bool is_wanted_elsewhere(const Json& peers, const std::string& owner, const std::string& preferred,
                         const Json& group, const Json& state) {
  const auto first = preferred.substr(0, preferred.find(','));
  if (first.empty() || first == owner || is_refused_by(group, first)) return false;
  return std::any_of(peers.begin(), peers.end(), [&](const Json& peer) {
    return text_of(member(peer, "name")) == first && obstacle(peer, state).empty();
  });
}

std::string here(const Json& group) {
  const auto holding = text_of(member(group, "holding"));
  if (holding == "complete") return "; its addresses are up here";
  return holding == "partial" ? "; only some of its addresses are up here" : "";
}

void append_why(std::string& out, const Json& group, const Json& members, const Json& status) {
  const auto& ours = member(status, "vippy");
  const auto& said_owner = member(group, "owner");
  const auto owner = said_owner.is_string() ? text_of(said_owner) : std::string();
  const bool is_self = !owner.empty() && owner == text_of(member(status, "identity"));
  out += fmt::format("{}: {}{} for {}{}\n", text_of(member(group, "group")),
                     owner.empty() ? "nobody has it, as far as this node hears," : "on " + owner,
                     is_self ? " (this node)" : "", age_of(member(group, "since")), here(group));
  out += fmt::format("    why:       {}\n", sentence(member(group, "reason")));
  const auto preferred = preferred_of(members);
  if (!preferred.empty()) out += fmt::format("    prefers:   {}\n", preferred);
  const auto& peers = member(ours, "peers");
  const auto& state = member(status, "state");
  if (is_wanted_elsewhere(peers, owner, preferred, group, state)) {
    out += fmt::format("    failback:  {}\n",
                       failback_text(member(ours, "failback"), member(ours, "protocol")));
  }
  out += fmt::format("    others:    {}\n", others_of(peers, owner, group, state));
}

}  // namespace

core::Result<std::string, WhyError> render_why(std::string_view status_json,
                                               std::string_view address) {
  const auto status = parse_status(status_json);
  const auto& groups = member(member(status, "vippy"), "groups");
  const auto& vips = member(member(status, "config"), "vips");
  if (!groups.is_array() || !vips.is_array()) return core::failure(WhyError::not_a_status);
  std::string out;
  bool is_found = address.empty();
  for (std::size_t i = 0; i < groups.size() && i < vips.size(); ++i) {
    if (!address.empty() && !has_address(vips[i], address)) continue;
    is_found = true;
    append_why(out, groups[i], vips[i], status);
  }
  if (!is_found) return core::failure(WhyError::no_such_group);
  return out;
}

core::Result<std::string, WhyError> why_json(std::string_view status_json,
                                             std::string_view address) {
  const auto status = parse_status(status_json);
  const auto& groups = member(member(status, "vippy"), "groups");
  const auto& vips = member(member(status, "config"), "vips");
  if (!groups.is_array() || !vips.is_array()) return core::failure(WhyError::not_a_status);
  for (std::size_t i = 0; i < groups.size() && i < vips.size(); ++i) {
    if (!groups[i].is_object() || !has_address(vips[i], address)) continue;
    auto group = groups[i];
    group["vips"] = vips[i];
    return group.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }
  return core::failure(WhyError::no_such_group);
}

}  // namespace vippy::ctl
