// Node, the picture for operators.
#include "core/config_fields.h"
#include "core/listing.h"
#include "core/node.h"

namespace vippy::core {

namespace {

std::string remedy(FailureKind failure) {
  switch (failure) {
    case FailureKind::none: return "in order";
    case FailureKind::already_there: return "already there";
    case FailureKind::not_there: return "not there any more";
    case FailureKind::no_interface: return "the interface is gone";
    case FailureKind::not_permitted: return "not permitted: vippyd needs CAP_NET_ADMIN";
    case FailureKind::in_use: return "in use by somebody else";
    case FailureKind::withdrawn: return "taken back";
    case FailureKind::no_resources: return "the system is short of resources; trying again";
    case FailureKind::other: return "refused by the system; see the log";
  }
  return {};
}

// Whom this node misses, and that it is alone. `active_for`: nullopt, it does not offer itself, or
// it is said why it hears nobody.
void append_missed(std::optional<Duration> active_for, Status& out) {
  bool is_alone = active_for && out.peers.size() > 1;
  auto alone_for = active_for.value_or(Duration{});
  for (const auto& peer : out.peers) {
    if (peer.is_self) continue;
    if (peer.out == OutReason::died || peer.out == OutReason::silent) {
      out.troubles.push_back({"", "", "node " + peer.name + ": " + std::string(name(*peer.out)),
                              peer.heard_ago});
    }
    if (peer.protocol != 0) is_alone = false;
    if (peer.was_heard) alone_for = std::min(alone_for, peer.heard_ago);
  }
  if (!is_alone) return;
  out.troubles.push_back({"", "", "this node hears no other one: if they live, they may have the "
                                  "same addresses; if not, nobody could take over",
                          alone_for});
}

}  // namespace

// Twice what was seen, with two digits.
std::string advice_for(Duration seen) {
  Duration step = std::chrono::milliseconds(1);
  while (2 * seen >= 100 * step) step *= 10;
  const auto wanted = (2 * seen + step - Duration(1)) / step * step;
  return "raise stale to " + format_seconds(wanted) + " or more, on all nodes";
}

Status Node::status(Instant now) const {
  Status out;
  out.identity = identity_;
  out.counters = counters_;
  out.shared = shared_;
  out.is_mature = is_mature_;
  out.is_active = is_active_;
  if (const auto reason = inactive_reason()) out.inactive_reason = reason_text(*reason);
  out.neighbours = neighbours_.size();
  for (std::size_t i = 0; i < shared_->nodes.size(); ++i) {
    out.peers.push_back(peer_status(i, now));
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) append_status(i, now, out);
  append_path(now, out);
  append_one_way(now, out);
  append_contents(now, out);
  append_conflicts(now, out);
  append_witnesses(now, out);
  out.is_draining = is_drained_;
  out.protocol = config_.protocol;
  out.failback = config_.failback;
  out.handover = config_.handover;
  out.isolation = config_.isolation;
  out.quorum = config_.quorum;
  out.plumb = config_.plumb;
  out.interval = config_.interval;
  out.stale = config_.stale;
  // It died right after it spoke; it is missed; the address is added and announced.
  out.failover_bound = config_.stale + config_.interval + traits_.address_add_typical;
  append_paces(now, out);
  append_gaps(now, out);
  append_reminders(now, out);
  const bool may_hear = active_since_ && !lacks_path();
  append_missed(may_hear ? std::optional(now - *active_since_) : std::nullopt, out);
  return out;
}

PeerStatus Node::peer_status(std::size_t index, Instant now) const {
  PeerStatus peer{.name = shared_->nodes[index], .is_self = index == membership_.self()};
  peer.is_active = peer.is_self ? is_active_ : membership_.is_active(index);
  if (const auto heard = membership_.heard_last(index)) {
    peer.was_heard = true;
    peer.heard_ago = now - *heard;
  }
  peer.longest_gap = membership_.longest_gap(index, now).value;
  if (peer.is_self) return peer;
  if (!peer.is_active) peer.out = is_one_way(index, now) ? OutReason::deaf : out_reason(index);
  if (membership_.is_silent(index)) return peer;
  peer.protocol = goes_by_facts() && view_.speaks_2(index) ? 2 : 1;
  peer.hears_us = peer.protocol == 2;
  peer.is_leaving = peer.protocol == 2 && view_.is_leaving(index);
  return peer;
}

OutReason Node::out_reason(std::size_t peer) const {
  if (view_.is_given_up(peer)) return OutReason::died;
  if (view_.is_outsider(peer) || membership_.is_outdated(peer)) return OutReason::differs;
  if (is_deaf(peer)) return OutReason::deaf;
  if (!membership_.heard_last(peer)) return OutReason::never;
  if (membership_.is_silent(peer)) {
    return membership_.was_lost(peer) ? OutReason::silent : OutReason::left;
  }
  return view_.is_leaving(peer) ? OutReason::leaving : OutReason::inactive;
}

void Node::append_reminders(Instant now, Status& out) const {
  const auto append_hosts = [&](const Reminders& reminders, const char* before,
                                const char* after) {
    for (const auto& entry : reminders.all()) {
      if (Reminders::is_over(entry, now)) continue;
      out.troubles.push_back({"", "", before + format(entry.source) + after, now - entry.since,
                              now - entry.last});
    }
  };
  append_hosts(forged_, "announcements of ", " have another secret");
  append_hosts(strangers_, "", " announces and is not one of the nodes");
  const auto append = [&](const Reminder& reminder, std::string text) {
    if (!reminder.last || now - *reminder.last >= kForgetAfter) return;
    out.troubles.push_back({"", "", std::move(text), now - reminder.since, now - *reminder.last});
  };
  append(identity_taken_,
         "another host, " + identity_taken_.who + ", announces under this node's name");
  append(name_shared_, name_shared_.who + ": give each host its own name");
}

void Node::append_path(Instant now, Status& out) const {
  if (!links_known_ || !addresses_known_ || !lacks_path()) return;
  std::string choices;
  for (const auto& choice : config_.chat_interfaces) append_item(choices, choice);
  out.troubles.push_back({"", "",
                          "chat_interface (" + choices +
                              ") is missing, down or loopback: this node hears no other one" +
                              (is_cut_off_ ? ", and takes nothing until it does" : ""),
                          now - pathless_since_.value_or(now)});
}

void Node::append_one_way(Instant now, Status& out) const {
  for (std::size_t i = 0; i < one_way_.size(); ++i) {
    if (!is_one_way(i, now)) continue;
    const auto& one = one_way_[i];
    out.troubles.push_back({"", "",
                            "node " + membership_.name(i) + " is received at " +
                                format(one.source) +
                                " but does not hear this node: is this node in its nodes and "
                                "peers, is a firewall between?",
                            now - *one.since});
  }
}

// Who runs other contents than this node, and whether the file of this node does.
void Node::append_contents(Instant now, Status& out) const {
  const auto ours = std::to_string(shared_->version);
  for (std::size_t i = 0; i < differing_.size(); ++i) {
    const auto& differing = differing_[i];
    if (!differing.since || now - differing.last > config_.stale) continue;
    out.troubles.push_back({"", "",
                            "node " + membership_.name(i) +
                                " has other vips or nodes under the same version " + ours +
                                ": make the files equal and raise version",
                            now - *differing.since});
  }
  if (!file_old_since_) return;
  out.troubles.push_back({"", "",
                          "the configuration file is version " +
                              std::to_string(config_.shared->version) +
                              ", the cluster runs version " + ours +
                              ": copy vips, nodes and version from a node that has them",
                          now - *file_old_since_});
}

// A peer that comes near to `stale`, or has another one, will be taken for lost some day.
void Node::append_paces(Instant now, Status& out) const {
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    const auto* latest = view_.hearing().latest(i);
    if (latest == nullptr || i == membership_.self()) continue;
    if (latest->interval == config_.interval && latest->stale == config_.stale) continue;
    const auto heard_ago = now - membership_.heard_last(i).value_or(Instant{});
    if (heard_ago >= kForgetAfter) continue;
    auto text = "node " + membership_.name(i) + " has interval " +
                format_seconds(latest->interval) + " and stale " + format_seconds(latest->stale) +
                ", this node " + format_seconds(config_.interval) + " and " +
                format_seconds(config_.stale) + ": give all nodes the same";
    out.troubles.push_back({"", "", std::move(text), heard_ago, heard_ago});
  }
}

void Node::append_gaps(Instant now, Status& out) const {
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    const auto gap = membership_.longest_gap(i, now);
    if (gap.value <= (config_.interval + config_.stale) / 2) continue;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(gap.value);
    auto text = "node " + membership_.name(i) + " was not heard for " +
                std::to_string(ms.count()) + " ms of the " + format_seconds(config_.stale) +
                " s that stale is: " + advice_for(gap.value);
    out.troubles.push_back({"", "", std::move(text), now - gap.at, now - gap.at});
  }
}

// Who has the group. To whom it is allotted though all refuse it does not have it for that, while
// somebody has it still.
std::size_t Node::shown_owner(std::size_t index) const {
  const auto& group = groups_[index];
  const auto facts = view_.facts();
  const bool may_have = group.owner < facts.size() && facts[group.owner].is_fit(index);
  if (!goes_by_facts() || may_have || !membership_.self()) return group.owner;
  if (claims_.test(index) || parts_.test(index)) return *membership_.self();
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (i != membership_.self() && facts[i].claims_group(index)) return i;
  }
  return group.owner;
}

void Node::append_status(std::size_t index, Instant now, Status& out) const {
  const auto& group = groups_[index];
  GroupStatus status{shown_owner(index), Holding::none, group.reason, now - group.since};
  for (std::size_t i = 0; goes_by_facts() && i < view_.facts().size(); ++i) {
    const auto* refusals = view_.facts()[i].refusals;
    if (refusals != nullptr && refusals->test(index)) status.refused_by.push_back(i);
  }
  std::size_t up = 0;
  for (std::size_t i = 0; i < group.keys.size(); ++i) {
    const auto& key = group.keys[i];
    const auto& vip = shared_->groups[index].vips[i];
    if (!key) {
      out.troubles.push_back({vip.text, vip.interface,
                              vip.interface.empty()
                                  ? "is not there: no local interface carries its network"
                                  : "is not there: the interface is missing or down",
                              now - nowhere_since_.at(vip.text)});
      continue;
    }
    if (reconciler_.is_up(*key)) ++up;
    if (const auto trouble = reconciler_.trouble(*key)) {
      out.troubles.push_back(
          {vip.text, vip.interface, remedy(trouble->failure), now - trouble->since});
    } else if (const auto since = reconciler_.foreign_since(*key)) {
      out.troubles.push_back({vip.text, vip.interface,
                              "was there and not set by vippyd: it will never be removed",
                              now - *since});
    }
  }
  append_convergence(group, status);
  if (status.owner == membership_.self() && group.owner != status.owner) {
    out.troubles.push_back({shared_->groups[index].vips.front().text, "",
                            "no other node can take it, so this node keeps it: do not stop it",
                            now - group.since});
  }
  if (up > 0) status.holding = up == group.keys.size() ? Holding::complete : Holding::partial;
  out.groups.push_back(status);
}

}  // namespace vippy::core
