#include "ctl/render_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/ip.h"
#include "ctl/printable.h"
#include "ctl/status_json.h"

namespace vippy::ctl {

namespace {

// "10.77.1.1/16"; IPv6 without its length, as the reference has it, unless more is asked for.
std::string address_of(const Json& vip, Detail detail) {
  auto text = text_of(member(vip, "ip"));
  const auto& v6_length = member(vip, "prefixlen");
  if (detail == Detail::verbose && v6_length.is_string()) text += "/" + text_of(v6_length);
  const auto& mask = member(vip, "netmask");
  const auto length =
      mask.is_string() ? core::parse_netmask(mask.get_ref<const std::string&>()) : std::nullopt;
  if (length) text += "/" + std::to_string(*length);
  return text;
}

// The group's addresses, then its preferred node.
std::string members_of(const Json& group, Detail detail) {
  std::string addresses;
  std::string preferred;
  for (const auto& one : group) {
    if (one.is_string()) {
      preferred = fmt::format(" P({})", text_of(one));
    } else {
      addresses += " " + address_of(one, detail);
    }
  }
  return addresses + preferred;
}

void append_state(std::string& out, const Json& state) {
  if (is_true(member(state, "active"))) {
    out += "State:  active\n";
    return;
  }
  const auto reason = text_of(member(state, "inactive_reason"), "");
  out += reason.empty() ? "State:  inactive\n" : fmt::format("State:  inactive ({})\n", reason);
}

void append_ownership(std::string& out, const Json& ownership, const Json& identity,
                      Detail detail) {
  for (const auto& [owner, groups] : ownership.items()) {
    const bool is_ours = identity.is_string() && owner == identity.get_ref<const std::string&>();
    if (!groups.is_array()) continue;
    for (const auto& group : groups) {
      if (!group.is_array()) continue;
      out += fmt::format("{}{}:{}\n", is_ours ? "(*) " : "    ",
                         printable(owner, LineEnds::replaced), members_of(group, detail));
    }
  }
}

// Lines of columns, each as wide as its widest cell, under a title.
using Row = std::vector<std::string>;

void append_table(std::string& out, std::string_view title, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  out += fmt::format("{}:{}\n", title, rows.empty() ? " none" : "");
  for (const auto& row : rows) {
    out += "   ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const bool is_last = i + 1 == row.size();
      out += ' ' + row[i];
      if (!is_last) out.append(widths[i] - row[i].size() + 1, ' ');
    }
    out += '\n';
  }
}

// What a peer that is heard says beyond being there.
std::string manner_of(const Json& peer) {
  const auto& hears_us = member(peer, "hears_us");
  auto out = "protocol " + count_of(member(peer, "protocol"));
  if (hears_us.is_boolean()) out += is_true(hears_us) ? ", hears us" : ", DOES NOT HEAR US";
  if (is_true(member(peer, "leaving"))) out += ", leaves or is drained";
  return out + ", longest silence " + time_of(member(peer, "longest_gap"));
}

Row peer_row(const Json& peer) {
  const auto& heard = member(peer, "heard_ago");
  Row row = {text_of(member(peer, "name")),
             is_true(member(peer, "active")) ? "active" : "inactive",
             is_true(member(peer, "self")) ? "this node"
             : heard.is_number()           ? "heard " + age_of(heard) + " ago"
                                           : "not heard"};
  const auto why = text_of(member(peer, "out"), "");
  const auto manner = member(peer, "protocol").is_number() ? manner_of(peer) : std::string();
  const auto* between = why.empty() || manner.empty() ? "" : "; ";
  if (!why.empty() || !manner.empty()) row.push_back(why + between + manner);
  return row;
}

Row group_row(const Json& group) {
  return {text_of(member(group, "group")), text_of(member(group, "owner"), "_"),
          text_of(member(group, "holding")), "for " + age_of(member(group, "since")),
          text_of(member(group, "reason"))};
}

std::string when_of(const Json& trouble) {
  const auto& since = member(trouble, "since");
  const auto& last = member(trouble, "last");
  if (!since.is_number()) return "";  // an older daemon
  if (!last.is_number()) return fmt::format(" (for {})", age_of(since));
  if (since == last) return fmt::format(" ({} ago)", age_of(last));
  return fmt::format(" (first {} ago, last {} ago)", age_of(since), age_of(last));
}

Row trouble_row(const Json& trouble) {
  return {text_of(member(trouble, "vip")), text_of(member(trouble, "interface")),
          text_of(member(trouble, "text")) + when_of(trouble)};
}

std::vector<Row> rows_of(const Json& list, Row (*row_of)(const Json&)) {
  std::vector<Row> rows;
  if (!list.is_array()) return rows;
  std::transform(list.begin(), list.end(), std::back_inserter(rows), row_of);
  return rows;
}

// The reference's lines say who owns what, not whether it works: what does not is said below them.
void append_troubles(std::string& out, const Json& troubles) {
  for (auto& row : rows_of(troubles, trouble_row)) {
    std::string line = "Trouble:";
    for (const auto& cell : row) {
      if (!cell.empty()) line += " " + cell;
    }
    out += line + "\n";
  }
}

std::string handover_of(const Json& ours) {
  const auto text = text_of(member(ours, "handover"));
  if (text_of(member(ours, "protocol")) == "1") return "protocol 1 knows none: both act at once";
  if (text == "make-first") return text + ": the old owner lets go when the new one has it";
  if (text == "break-first") return text + ": the new owner waits until the old one let go";
  return text;
}

std::string isolation_of(const Json& ours) {
  const auto text = text_of(member(ours, "isolation"));
  if (text == "hold") return text + ": alone, this node goes on and takes what it can";
  if (text == "release") return text + ": a node that hears nobody, no witness either, steps back";
  return text;
}

std::string quorum_of(const Json& ours) {
  const auto text = text_of(member(ours, "quorum"));
  if (text == "none") return text + ": any number of nodes serves";
  if (text == "majority") return text + ": only nodes that see more than half of the cluster serve";
  return text;
}

std::string witnesses_of(const Json& witnesses) {
  std::string out;
  if (!witnesses.is_array()) return "none is asked";
  for (const auto& one : witnesses) {
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", text_of(member(one, "host")),
                       is_true(member(one, "answers")) ? "answers" : "DOES NOT ANSWER");
  }
  return out;
}

std::string plumb_of(const Json& ours) {
  const auto text = text_of(member(ours, "plumb"));
  if (text == "route") return text + ": IPv4 VIPs as local host routes, IPv6 ones as addresses";
  return text + ": VIPs as addresses of their interfaces, where they do not say otherwise";
}

// What a split means here; an older daemon does not tell.
void append_policy(std::string& out, const Json& ours) {
  if (!member(ours, "isolation").is_string()) return;
  out += fmt::format("Isolation: {}\nQuorum: {}\nWitness: {}\nPlumb: {}\n", isolation_of(ours),
                     quorum_of(ours), witnesses_of(member(ours, "witnesses")), plumb_of(ours));
}

// An older daemon does not tell.
void append_guard(std::string& out, const Json& ours) {
  if (!ours.contains("guard")) return;
  const auto& guard = member(ours, "guard");
  if (!guard.is_object()) {
    out += "Guard:  none is wanted\n";
    return;
  }
  const auto& process = member(guard, "process");
  out += fmt::format("Guard:  {}, restarted {} times, took this vippyd for hung {} times\n",
                     process.is_number() ? "process " + count_of(process) : "NONE RUNS",
                     count_of(member(guard, "restarts")), count_of(member(guard, "fences")));
}

void append_manner(std::string& out, const Json& ours) {
  if (!member(ours, "stale").is_number()) return;  // an older daemon
  const auto number = [&](const char* key) {
    const auto& value = member(ours, key);
    return value.is_number() ? value.get<double>() : 0.0;
  };
  const bool is_both = text_of(member(ours, "protocol")) == "1+2";
  const Json delay = number("failover_bound") - number("stale") - number("interval");
  out += fmt::format("Protocol: {}\n", text_of(member(ours, "protocol")));
  if (is_true(member(ours, "draining"))) {
    out += "Drained: by the operator; `vippyctl undrain` brings this node back\n";
  }
  out += fmt::format("Failback: {}{}\n",
                     failback_text(member(ours, "failback"), member(ours, "protocol")),
                     is_both ? " (at once while a node speaks only protocol 1)" : "");
  out += fmt::format("Hand-over: {}\n", handover_of(ours));
  out += fmt::format("Failover: at most {} (stale {} + interval {} + this machine's delay {})\n",
                     time_of(member(ours, "failover_bound")), time_of(member(ours, "stale")),
                     time_of(member(ours, "interval")), time_of(delay));
}

void append_ours(std::string& out, const Json& status) {
  const auto& ours = member(status, "vippy");
  out += fmt::format("Node:   {}, configuration version {}\n", text_of(member(status, "identity")),
                     count_of(member(member(status, "config"), "version")));
  if (!ours.is_object()) {
    out += "The daemon at this socket tells no more.\n";
    return;
  }
  out += fmt::format("Daemon: {} on {}, frames by {}, {} neighbours known\n",
                     text_of(member(ours, "program")), text_of(member(ours, "platform")),
                     text_of(member(ours, "injector")), count_of(member(ours, "neighbours")));
  append_guard(out, ours);
  append_manner(out, ours);
  append_policy(out, ours);
  append_table(out, "Peers", rows_of(member(ours, "peers"), peer_row));
  append_table(out, "Groups", rows_of(member(ours, "groups"), group_row));
  append_table(out, "Troubles", rows_of(member(ours, "troubles"), trouble_row));
  std::vector<Row> counters;
  const auto& counts = member(ours, "counters");
  if (counts.is_object()) {
    for (const auto& [key, value] : counts.items()) {
      counters.push_back({printable(key, LineEnds::replaced), count_of(value)});
    }
  }
  append_table(out, "Counters", counters);
}

}  // namespace

std::string failback_text(const Json& failback, const Json& protocol) {
  if (text_of(protocol) == "1") return "immediate: protocol 1 knows nothing else";
  if (failback.is_number()) {
    return fmt::format("after {0}: a node that returns takes its groups back from others once it "
                       "has been active for {0}", time_of(failback));
  }
  const auto text = text_of(failback);
  if (text == "never") return "never: a node that returns takes only what nobody has";
  if (text == "immediate") return "immediate: a node that returns takes its groups back at once";
  return text;
}

std::optional<std::string> render_text(std::string_view status_json, Detail detail) {
  const auto status = parse_status(status_json);
  const auto& state = member(status, "state");
  const auto& ownership = member(state, "ownership");
  if (!ownership.is_object()) return std::nullopt;
  std::string out;
  append_state(out, state);
  append_ownership(out, ownership, member(status, "identity"), detail);
  if (detail == Detail::verbose) {
    append_ours(out, status);
  } else {
    append_troubles(out, member(member(status, "vippy"), "troubles"));
  }
  return out;
}

}  // namespace vippy::ctl
