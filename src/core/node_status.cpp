// Node, the picture for operators.
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
    case FailureKind::no_resources: return "the system is short of resources; trying again";
    case FailureKind::other: return "refused by the system; see the log";
  }
  return {};
}

}  // namespace

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
    PeerStatus peer{.name = shared_->nodes[i], .is_self = i == membership_.self()};
    peer.is_active = peer.is_self ? is_active_ : membership_.is_active(i);
    if (const auto heard = membership_.heard_last(i)) {
      peer.was_heard = true;
      peer.heard_ago = now - *heard;
    }
    peer.longest_gap = membership_.longest_gap(i);
    if (!peer.is_self && !membership_.is_silent(i)) {
      peer.protocol = goes_by_facts() && view_.speaks_2(i) ? 2 : 1;
      peer.hears_us = peer.protocol == 2;
      peer.is_leaving = peer.protocol == 2 && view_.is_leaving(i);
    }
    out.peers.push_back(std::move(peer));
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) append_status(i, now, out);
  append_conflicts(now, out);
  append_witnesses(now, out);
  out.is_draining = is_drained_;
  out.protocol = config_.protocol;
  out.failback = config_.failback;
  out.handover = config_.handover;
  out.interval = config_.interval;
  out.stale = config_.stale;
  // It died right after it spoke; it is missed; the address is added and announced.
  out.failover_bound = config_.stale + config_.interval + traits_.address_add_typical;
  append_pace(out);
  const auto is_recent = [&](const Reminder& reminder) {
    return reminder.said_at && now - *reminder.said_at < 2 * kRemindEvery;
  };
  if (is_recent(forged_)) {
    out.troubles.push_back({"", "", "announcements of " + forged_.who + " have another secret"});
  }
  if (is_recent(stranger_)) {
    out.troubles.push_back({"", "", stranger_.who + " announces and is not one of the nodes"});
  }
  if (is_recent(identity_taken_)) {
    out.troubles.push_back({"", "", "another host announces under this node's name"});
  }
  return out;
}

// A peer that comes near to `stale` will be taken for lost some day.
void Node::append_pace(Status& out) const {
  for (const auto& peer : out.peers) {
    if (peer.longest_gap <= config_.stale / 2) continue;
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(peer.longest_gap);
    out.troubles.push_back({"", "",
                            "node " + peer.name + " was not heard for " +
                                std::to_string(ms.count()) +
                                " ms once, more than half of stale: raise interval and stale"});
  }
}

void Node::append_status(std::size_t index, Instant now, Status& out) const {
  const auto& group = groups_[index];
  GroupStatus status{group.owner, Holding::none, group.reason, now - group.since};
  std::size_t up = 0;
  for (std::size_t i = 0; i < group.keys.size(); ++i) {
    const auto& key = group.keys[i];
    const auto& vip = shared_->groups[index].vips[i];
    if (!key) {
      out.troubles.push_back({vip.text, vip.interface,
                              vip.interface.empty() ? "no local interface carries it"
                                                    : "the interface is missing or down"});
      continue;
    }
    if (reconciler_.is_up(*key)) ++up;
    if (const auto failure = reconciler_.trouble(*key)) {
      out.troubles.push_back({vip.text, vip.interface, remedy(*failure)});
    } else if (reconciler_.is_foreign(*key)) {
      out.troubles.push_back({vip.text, vip.interface,
                              "was there and not set by vippyd: it will never be removed"});
    }
  }
  append_convergence(group, status);
  if (group.owner == kNobody && group.is_held && membership_.self()) {
    status.owner = *membership_.self();
    out.troubles.push_back({shared_->groups[index].vips.front().text, "",
                            "no other node can take it, so this node keeps it: do not stop it"});
  }
  if (up > 0) status.holding = up == group.keys.size() ? Holding::complete : Holding::partial;
  out.groups.push_back(status);
}

}  // namespace vippy::core
