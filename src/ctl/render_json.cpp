#include "ctl/render_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "core/assert.h"
#include "core/json_text.h"
#include "core/vip_json.h"

namespace vippy::ctl {

namespace {

// Octets that are not UTF-8 (an interface's name may hold any) become U+FFFD: the answer is JSON.
void append_json_string(std::string& out, std::string_view text) {
  std::string mended;
  for (auto bad = core::first_bad_utf8(text); bad != std::string_view::npos;
       bad = core::first_bad_utf8(text)) {
    mended.append(text.substr(0, bad)).append("\ufffd");
    text.remove_prefix(bad + 1);
  }
  core::append_json_string(out, mended.empty() ? text : mended.append(text));
}

const core::Shared& shared_of(const core::Status& status) {
  static const core::Shared empty;
  return status.shared ? *status.shared : empty;
}

std::string_view name(core::Holding holding) {
  switch (holding) {
    case core::Holding::none: return "none";
    case core::Holding::partial: return "partial";
    case core::Holding::complete: return "complete";
  }
  VIPPY_ASSERT(false && "unknown Holding");
}

void append_key(std::string& out, std::string_view key) {
  append_json_string(out, key);
  out += ':';
}

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
  append_key(out, key);
  fmt::format_to(std::back_inserter(out), "{}", value);
}

void append_text(std::string& out, std::string_view key, std::string_view value) {
  append_key(out, key);
  append_json_string(out, value);
}

void append_flag(std::string& out, std::string_view key, bool value) {
  append_key(out, key);
  out += value ? "true" : "false";
}

void append_seconds(std::string& out, core::Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  const auto positive = std::max<decltype(ms)>(ms, 0);
  fmt::format_to(std::back_inserter(out), "{}.{:03}", positive / 1000, positive % 1000);
}

// Appends [...] with what `append_one` makes of each element.
template <typename Range, typename AppendOne>
void append_list(std::string& out, const Range& range, AppendOne append_one) {
  out += '[';
  bool is_first = true;
  for (const auto& element : range) {
    if (!std::exchange(is_first, false)) out += ',';
    append_one(element);
  }
  out += ']';
}

// Times that may be below a millisecond.
void append_fine_seconds(std::string& out, core::Duration duration) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  const auto positive = std::max<decltype(us)>(us, 0);
  fmt::format_to(std::back_inserter(out), "{}.{:06}", positive / 1'000'000, positive % 1'000'000);
}

void append_time(std::string& out, std::string_view key, core::Duration duration) {
  append_key(out, key);
  append_fine_seconds(out, duration);
}

void append_stats(std::string& out, const core::Counters& counters) {
  out += "\"stats\":{\"net\":{";
  append_number(out, "ignore", counters.ignored);
  out += ',';
  append_number(out, "send-announce", counters.announcements_sent);
  out += ',';
  append_number(out, "recv-announce", counters.announcements_received);
  out += "},";
  append_number(out, "state-changes", counters.state_changes);
  out += '}';
}

void append_config(std::string& out, const core::Shared& shared) {
  out += "\"config\":{";
  append_number(out, "version", shared.version);
  out += ",\"vips\":";
  core::append_groups(out, shared.groups);
  out += ",\"nodes\":";
  append_list(out, shared.nodes, [&out](const auto& node) { append_json_string(out, node); });
  out += '}';
}

// The groups of each node, and last those of nobody.
std::vector<std::vector<std::size_t>> groups_by_owner(const core::Status& status,
                                                      const core::Shared& shared) {
  const auto nobody = shared.nodes.size();
  std::vector<std::vector<std::size_t>> owned(nobody + 1);
  const auto is_preferred = [&](std::size_t group, std::size_t owner) {
    return owner < nobody && shared.groups[group].preferred == shared.nodes[owner];
  };
  for (const bool preferred : {true, false}) {
    for (std::size_t group = 0; group < shared.groups.size(); ++group) {
      const auto owner =
          group < status.groups.size() ? std::min(status.groups[group].owner, nobody) : nobody;
      if (is_preferred(group, owner) == preferred) owned[owner].push_back(group);
    }
  }
  return owned;
}

void append_ownership(std::string& out, const core::Status& status, const core::Shared& shared) {
  const auto owned = groups_by_owner(status, shared);
  const auto append_owned = [&](std::string_view owner, const std::vector<std::size_t>& groups) {
    append_key(out, owner);
    append_list(out, groups,
                [&](std::size_t group) { core::append_group(out, shared.groups[group]); });
  };
  out += "\"ownership\":{";
  append_owned("_", owned.back());
  for (std::size_t node = 0; node < shared.nodes.size(); ++node) {
    const bool is_active = node < status.peers.size() && status.peers[node].is_active;
    if (!is_active && owned[node].empty()) continue;
    out += ',';
    append_owned(shared.nodes[node], owned[node]);
  }
  out += '}';
}

void append_state(std::string& out, const core::Status& status, const core::Shared& shared) {
  out += "\"state\":{";
  append_flag(out, "mature", status.is_mature);
  out += ',';
  append_flag(out, "active", status.is_active);
  out += ",\"inactive_reason\":";
  if (status.inactive_reason) {
    append_json_string(out, *status.inactive_reason);
  } else {
    out += "null";
  }
  out += ',';
  append_ownership(out, status, shared);
  out += '}';
}

void append_peer(std::string& out, const core::PeerStatus& peer) {
  out += '{';
  append_text(out, "name", peer.name);
  out += ',';
  append_flag(out, "self", peer.is_self);
  out += ',';
  append_flag(out, "active", peer.is_active);
  out += ",\"heard_ago\":";
  if (peer.was_heard) {
    append_seconds(out, peer.heard_ago);
  } else {
    out += "null";
  }
  out += ",\"protocol\":";
  out += peer.protocol == 0 ? "null" : std::to_string(peer.protocol);
  // Protocol 1 says neither whom it hears nor that it leaves.
  out += ",\"hears_us\":";
  out += peer.protocol != 2 ? "null" : peer.hears_us ? "true" : "false";
  out += ',';
  append_flag(out, "leaving", peer.is_leaving);
  out += ',';
  append_time(out, "longest_gap", peer.longest_gap);
  if (peer.out) {
    out += ',';
    append_text(out, "out", core::name(*peer.out));
  }
  out += '}';
}

// What the neighbours answered since the group came up here; nothing when none were asked.
void append_convergence(std::string& out, const core::GroupStatus& status) {
  if (status.asked == 0) return;
  out += ',';
  append_number(out, "asked", status.asked);
  out += ',';
  append_number(out, "answered", status.answered);
  if (!status.converged_in) return;
  out += ',';
  append_time(out, "converged_in", *status.converged_in);
  out += ",\"silent\":";
  append_list(out, status.silent,
              [&](const auto& host) { append_json_string(out, core::format(host)); });
}

void append_group_status(std::string& out, const core::Group& group,
                         const core::GroupStatus& status, const core::Shared& shared) {
  out += '{';
  append_text(out, "group", group.vips.empty() ? std::string_view() : group.vips.front().text);
  out += ",\"owner\":";
  if (status.owner < shared.nodes.size()) {
    append_json_string(out, shared.nodes[status.owner]);
  } else {
    out += "null";
  }
  out += ',';
  append_text(out, "holding", name(status.holding));
  out += ',';
  append_text(out, "reason", core::name(status.reason));
  out += ",\"since\":";
  append_seconds(out, status.since);
  append_convergence(out, status);
  if (!status.refused_by.empty()) {
    out += ",\"refused_by\":";
    append_list(out, status.refused_by,
                [&](std::size_t node) { append_json_string(out, shared.nodes.at(node)); });
  }
  out += '}';
}

void append_counters(std::string& out, const core::Counters& counters) {
  const std::pair<std::string_view, std::uint64_t> rows[] = {
      {"announcements_sent", counters.announcements_sent},
      {"announcements_received", counters.announcements_received},
      {"ignored", counters.ignored},
      {"ignored_malformed", counters.ignored_malformed},
      {"ignored_forged", counters.ignored_forged},
      {"ignored_stranger", counters.ignored_stranger},
      {"ignored_old", counters.ignored_old},
      {"ignored_differing", counters.ignored_differing},
      {"ignored_replayed", counters.ignored_replayed},
      {"ignored_unproven", counters.ignored_unproven},
      {"ignored_namesake", counters.ignored_namesake},
      {"ignored_protocol", counters.ignored_protocol},
      {"configurations_adopted", counters.configurations_adopted},
      {"state_changes", counters.state_changes},
      {"frames_sent", counters.frames_sent},
      {"frames_heard", counters.frames_heard},
      {"frames_ignored", counters.frames_ignored},
      {"conflicts", counters.conflicts},
      {"late", counters.late},
      {"fenced", counters.fenced},
      {"sends_failed", counters.sends_failed},
      {"requests_failed", counters.requests_failed},
  };
  out += '{';
  bool is_first = true;
  for (const auto& [key, value] : rows) {
    if (!std::exchange(is_first, false)) out += ',';
    append_number(out, key, value);
  }
  out += '}';
}

void append_trouble(std::string& out, const core::VipTrouble& trouble) {
  out += '{';
  append_text(out, "vip", trouble.vip);
  out += ',';
  append_text(out, "interface", trouble.interface);
  out += ',';
  append_text(out, "text", trouble.text);
  out += ",\"since\":";
  append_seconds(out, trouble.since);
  if (trouble.last) {
    out += ",\"last\":";
    append_seconds(out, *trouble.last);
  }
  out += '}';
}

void append_guard(std::string& out, const std::optional<core::GuardStatus>& guard) {
  append_key(out, "guard");
  if (!guard) {
    out += "null";
    return;
  }
  out += "{\"process\":";
  out += guard->process ? std::to_string(*guard->process) : "null";
  out += ',';
  append_number(out, "restarts", guard->restarts);
  out += ',';
  append_number(out, "fences", guard->fences);
  out += '}';
}

// How this node is set, and how fast it can be.
void append_manner(std::string& out, const core::Status& status) {
  append_text(out, "protocol", core::kProtocolNames[static_cast<std::size_t>(status.protocol)]);
  out += ',';
  append_flag(out, "draining", status.is_draining);
  out += ',';
  append_key(out, "failback");
  out += failback_json(status);
  out += ',';
  append_text(out, "handover", core::kHandOverNames[static_cast<std::size_t>(status.handover)]);
  out += ',';
  append_text(out, "isolation", core::kIsolationNames[static_cast<std::size_t>(status.isolation)]);
  out += ',';
  append_text(out, "quorum", core::kQuorumNames[static_cast<std::size_t>(status.quorum)]);
  out += ',';
  append_text(out, "plumb", core::kPlumbNames[static_cast<std::size_t>(status.plumb)]);
  const std::pair<std::string_view, core::Duration> times[] = {
      {"interval", status.interval},
      {"stale", status.stale},
      {"failover_bound", status.failover_bound},
      {"turn_delay", status.turn_delay},
  };
  for (const auto& [key, time] : times) {
    out += ',';
    append_time(out, key, time);
  }
}

void append_ours(std::string& out, const core::Status& status, const core::Shared& shared) {
  out += "\"vippy\":{";
  append_text(out, "program", status.program);
  out += ',';
  append_text(out, "platform", status.platform);
  out += ',';
  append_text(out, "injector", status.injector);
  out += ',';
  append_manner(out, status);
  out += ',';
  append_guard(out, status.guard);
  out += ",\"peers\":";
  append_list(out, status.peers, [&](const auto& peer) { append_peer(out, peer); });
  out += ",\"groups\":";
  const auto known = std::min(status.groups.size(), shared.groups.size());
  append_list(out, std::span(status.groups).first(known), [&](const auto& group) {
    const auto index = static_cast<std::size_t>(&group - status.groups.data());
    append_group_status(out, shared.groups[index], group, shared);
  });
  out += ",\"troubles\":";
  append_list(out, status.troubles, [&](const auto& trouble) { append_trouble(out, trouble); });
  if (!status.witnesses.empty()) {
    out += ",\"witnesses\":";
    append_list(out, status.witnesses, [&](const auto& witness) {
      out += '{';
      append_text(out, "host", core::format(witness.host));
      out += ',';
      append_flag(out, "answers", witness.answers);
      out += '}';
    });
  }
  out += ',';
  append_number(out, "neighbours", status.neighbours);
  out += ",\"counters\":";
  append_counters(out, status.counters);
  out += '}';
}

}  // namespace

std::string failback_json(const core::Status& status) {
  if (status.failback && *status.failback > core::Duration::zero()) {
    std::string out;
    append_fine_seconds(out, *status.failback);
    return out;
  }
  return status.failback ? "\"immediate\"" : "\"never\"";
}

std::string render_json(const core::Status& status) {
  const auto& shared = shared_of(status);
  std::string out = "{";
  append_text(out, "identity", status.identity);
  out += ',';
  append_stats(out, status.counters);
  out += ',';
  append_config(out, shared);
  out += ',';
  append_state(out, status, shared);
  out += ',';
  append_ours(out, status, shared);
  out += '}';
  return out;
}

}  // namespace vippy::ctl
