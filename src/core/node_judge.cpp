// Node, the judging part: what a Tick makes of silence, of ourselves, and of who owns what.
#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/node.h"

namespace vippy::core {

std::string Node::node_name(std::size_t node) const {
  return node == kNobody ? "_" : shared_->nodes[node];
}

// ---- ourselves --------------------------------------------------------------------------------

void Node::begin_settling(Instant now) {
  if (!is_alone()) settling_since_ = now;
}

bool Node::is_late(Instant now) const {
  return announced_last_ && now - *announced_last_ > config_.stale;
}

// A node that was itself silent for longer than `stale` has been given up by the others: it
// listens before it speaks as active again, and lets go of what others have taken. When all stood
// still together, as on a host that pauses, nobody has missed anybody and nothing changes hands.
void Node::judge_lateness(Instant now, Actions& out) {
  if (forfeits_) return;  // it is silent on purpose
  if (!announced_last_ || is_alone()) return;
  if (goes_by_facts()) membership_.excuse(now - announce_at_, now);
  if (!is_late(now)) return;
  const auto silent_since = std::exchange(*announced_last_, now);
  const bool is_missed = may_be_missed(silent_since);
  log(out, event::WasLate{now - silent_since, is_missed});
  ++counters_.late;
  if (is_missed) forfeit(Forfeit::late, now, linger(), out);
}

// All that arrived was read. Whoever stood still itself gives us `stale` from its return before it
// misses us, and whoever has taken something from us says so in its first word. A node that must
// not hold what it cannot defend does not go by what it did not hear.
bool Node::may_be_missed(Instant since) const {
  if (!goes_by_facts() || standing_.is_strict() || membership_.any_ran_on(since)) return true;
  return std::any_of(deaf_.begin(), deaf_.end(),
                     [&](const auto& deaf) { return deaf.heard && *deaf.heard > since; });
}

void Node::judge_standing(Instant now) {
  standing_reason_.reset();
  const auto self = membership_.self();
  if (!self) return standing_.reset();
  std::vector<Sight> sights(membership_.size());
  for (std::size_t i = 0; i < sights.size(); ++i) {
    if (i == *self) continue;
    if (membership_.is_silent(i)) {
      const auto& deaf = deaf_[i];
      if (deaf.is_there(now, config_.stale)) sights[i] = {true, deaf.is_active, false, nullptr};
      continue;
    }
    const auto* beat = view_.hearing().latest(i);
    if (beat == nullptr) {
      sights[i] = {true, membership_.is_active(i), true, nullptr};  // protocol 1 cannot tell
      continue;
    }
    const bool counts_alike = beat->digest == derived().digest &&
                              beat->view.size() == sights.size();
    sights[i] = {true, beat->is_active, true, counts_alike ? &beat->view : nullptr};
  }
  standing_reason_ = standing_.judge(*self, sights, witness_.verdict(now), now);
}

bool Node::has_link_trouble() const {
  if (has_unplaced_) return true;
  return std::any_of(groups_.begin(), groups_.end(), [](const GroupState& group) {
    return std::any_of(group.keys.begin(), group.keys.end(),
                       [](const auto& key) { return !key.has_value(); });
  });
}

// Protocol 1 knows only whole nodes: with a dead link a node steps back entirely, but only as
// long as somebody else is active. When everybody has stepped back, the nodes try again one
// after the other in the order of the configuration, and the first one stays.
void Node::judge_links(Instant now) {
  if (!has_link_trouble()) {
    yields_ = false;
  } else if (membership_.any_active()) {
    yields_ = true;
    alone_since_.reset();
  } else if (yields_) {
    if (!alone_since_) alone_since_ = now;
    if (now >= *alone_since_ + yield_patience()) yields_ = false;
  }
}

Duration Node::yield_patience() const {
  const auto turn = membership_.self().value_or(0) + 1;
  return 2 * config_.interval * static_cast<Duration::rep>(turn);
}

std::optional<InactiveReason> Node::inactive_reason() const {
  if (phase_ == Phase::leaving) return InactiveReason::stopping;
  if (!membership_.self()) return InactiveReason::not_a_node;
  if (is_drained_) return InactiveReason::draining;
  if (is_cut_off_) return InactiveReason::no_path;
  if (!is_mature_) return InactiveReason::maturing;
  if (differing_heard_) return InactiveReason::differing;
  if (newer_heard_ && !ever_active_) return InactiveReason::outdated;
  if (namesake_heard_) return InactiveReason::namesake;
  if (settling_since_ || forfeits_) return InactiveReason::settling;
  if (standing_reason_) return standing_reason_;
  if (yields_) {
    return !unplaced_.empty() ? InactiveReason::no_interface : InactiveReason::link_down;
  }
  const bool is_healthy = std::all_of(health_.begin(), health_.end(),
                                      [](const auto& report) { return report.second; });
  if (!is_healthy) return InactiveReason::health;
  return std::nullopt;
}

std::string Node::reason_text(InactiveReason reason) const {
  if (reason != InactiveReason::health) return std::string(name(reason));
  std::string text;
  for (const auto& [report, is_good] : health_) {
    if (!is_good) text += (text.empty() ? "" : ", ") + report;
  }
  return text;
}

bool Node::lacks_path() const {
  if (is_alone()) return false;
  return std::none_of(config_.chat_interfaces.begin(), config_.chat_interfaces.end(),
                      [&](const auto& choice) { return interfaces_.is_path(choice); });
}

void Node::note_path(Instant now) {
  if (!lacks_path()) {
    pathless_since_.reset();
  } else if (!pathless_since_) {
    pathless_since_ = now;
  }
}

// Who can hear nobody does not know what others have: it has listened for `mature` only when it
// could hear them for so long.
void Node::judge_maturity(Instant now) {
  if (is_mature_ || !links_known_ || !addresses_known_) return;
  const bool was_cut_off = std::exchange(is_cut_off_, lacks_path());
  if (is_cut_off_) return;
  if (was_cut_off) mature_at_ = now + config_.mature;
  is_mature_ = now >= mature_at_;
}

void Node::judge_self(Instant now, Actions& out) {
  judge_maturity(now);
  if (settling_since_ && (now - *settling_since_ > config_.stale ||
                          membership_.all_heard_since(*settling_since_))) {
    settling_since_.reset();
    members_changed_ = true;
  }
  for (auto* heard : {&differing_heard_, &newer_heard_, &namesake_heard_}) {
    if (*heard && now - **heard > config_.stale) heard->reset();
  }
  if (speaks_1(config_.protocol)) {
    judge_links(now);
  } else {
    yields_ = false;  // protocol 2 refuses single groups instead
  }
  const auto reason = inactive_reason();
  const bool was_active = std::exchange(is_active_, !reason.has_value());
  ever_active_ = ever_active_ || is_active_;
  if (is_active_ && !was_active) active_since_ = now;
  if (!is_active_) active_since_.reset();
  if (reason != shown_reason_ || was_active != is_active_) {
    shown_reason_ = reason;
    leaving_since_ = reason ? std::optional(now) : std::nullopt;
    members_changed_ = true;
    if (reason) {
      log(out, event::SelfInactive{reason_text(*reason)});
    } else {
      log(out, event::SelfActive{});
    }
  }
  // The others should know at once.
  if (was_active != is_active_) announce_at_ = now;
}

Instant Node::self_deadline() const {
  auto earliest = Instant::max();
  const bool is_maturing = !is_mature_ && !is_cut_off_ && links_known_ && addresses_known_;
  if (is_maturing) earliest = mature_at_;
  const auto tick = Duration(1);
  if (settling_since_) earliest = std::min(earliest, *settling_since_ + config_.stale + tick);
  for (const auto& heard : {differing_heard_, newer_heard_, namesake_heard_}) {
    if (heard) earliest = std::min(earliest, *heard + config_.stale + tick);
  }
  if (yields_ && alone_since_) earliest = std::min(earliest, *alone_since_ + yield_patience());
  return earliest;
}

// ---- the others -------------------------------------------------------------------------------

void Node::judge_silence(Instant now, Actions& out) {
  std::vector<std::size_t> silent;
  membership_.expire(now, silent);
  for (const auto peer : silent) {
    members_changed_ = true;
    if (is_deaf(peer)) continue;  // it speaks, and that it does not hear us was said
    log(out, event::PeerSilent{membership_.name(peer), now - *membership_.heard_last(peer)});
  }
  if (!goes_by_facts()) return;
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    if (i == membership_.self()) continue;
    auto& deaf = deaf_[i];
    const bool is_deaf_no_more = deaf.heard && !deaf.is_there(now, config_.stale);
    if (is_deaf_no_more) deaf = {};
    if (!membership_.is_silent(i)) continue;
    if (!view_.is_heard(i) && !is_deaf_no_more) continue;
    view_.fell_silent(i);
    members_changed_ = true;
  }
}

// ---- who owns what ----------------------------------------------------------------------------

// Has the peer said since it was last believed that it does not hear us?
bool Node::is_deaf(std::size_t peer) const {
  const auto& heard = deaf_[peer].heard;
  return heard && *heard >= membership_.heard_last(peer).value_or(*heard);
}

// Whoever heard nobody knows of no owner, and hears then who has it.
std::size_t Node::comes_from(std::size_t index, std::size_t to) const {
  const auto owner = groups_[index].owner;
  if (owner != kNobody || !goes_by_facts() || !ever_decided_) return owner;
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const bool may_be = i != to && i != membership_.self() && facts_[i].is_active;
    if (may_be && facts_[i].claims_group(index)) return i;
  }
  return kNobody;
}

MoveReason Node::why_moved(std::size_t index, std::size_t to) const {
  if (!ever_decided_) return MoveReason::start;
  if (config_changed_) return MoveReason::configuration;
  if (to == kNobody) return MoveReason::nobody_active;
  const auto from = comes_from(index, to);
  if (from == kNobody) return MoveReason::nobody_had_it;
  const bool is_self = from == membership_.self();
  const bool still_active = is_self ? is_active_ : membership_.is_active(from);
  if (!still_active) {
    if (!is_self && view_.is_given_up(from)) return MoveReason::owner_died;
    if (!is_self && view_.is_outsider(from)) return MoveReason::owner_differs;
    if (is_self || !membership_.is_silent(from)) return MoveReason::owner_left;
    return is_deaf(from) ? MoveReason::owner_deaf : MoveReason::owner_silent;
  }
  if (goes_by_facts() && from < facts_.size() && !facts_[from].is_fit(index)) {
    return MoveReason::owner_cannot;
  }
  const auto& preferred = shared_->groups[index].preferred;
  return preferred && *preferred == shared_->nodes[to] ? MoveReason::preferred_returned
                                                       : MoveReason::better_returned;
}

void Node::decide(Instant now, Actions& out) {
  if (!std::exchange(members_changed_, false)) return;
  const bool may_decide = is_mature_ && !settling_since_;
  // Nobody is known to have what we may still hold: leave everything as it is.
  if (!may_decide && !membership_.any_active()) return;
  const std::size_t nodes = shared_->nodes.size();
  const auto active = std::make_unique<bool[]>(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    active[i] = i == membership_.self() ? is_active_ : membership_.is_active(i);
  }
  const auto owners = derived().placement.owners(std::span(active.get(), nodes));
  bool changed = false;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (groups_[i].owner == owners[i]) continue;
    changed = true;
    move_group(i, owners[i], now, out);
  }
  if (changed) ++counters_.state_changes;
  want(wanted());
  announce_again(now, out);
  config_changed_ = false;
  ever_decided_ = true;
}

bool Node::is_wanted(const GroupState& group) const {
  if (goes_by_facts()) return group.is_held;
  return membership_.self() && group.owner == *membership_.self();
}

std::vector<AddressKey> Node::wanted() const {
  std::vector<AddressKey> keys;
  for (const auto& group : groups_) {
    for (const auto& key : group.keys) {
      if (key && is_wanted(group, *key)) keys.push_back(*key);
    }
  }
  return keys;
}

// Of what goes to somebody else nothing is added here any more.
bool Node::is_wanted(const GroupState& group, const AddressKey& key) const {
  if (!is_wanted(group)) return false;
  return is_spoken_of(group) || reconciler_.keeps(key);
}

bool Node::is_spoken_of(const GroupState& group) const {
  if (forfeits_ || !is_wanted(group)) return false;
  return group.owner == kNobody || group.owner == membership_.self();
}

// The same as want(wanted()) for a group whose VIPs lie where they did.
void Node::want_group(std::size_t index) {
  auto& group = groups_[index];
  const bool is_whole = group.is_held && group.owner == membership_.self();
  const bool was_whole = std::exchange(group.is_wished_whole, is_whole);
  const bool was_away = std::exchange(group.is_wished_away, !group.is_held);
  if ((is_whole && was_whole) || (!group.is_held && was_away)) return;
  for (const auto& key : group.keys) {
    if (!key) continue;
    reconciler_.want_one(*key, is_wanted(group, *key));
    if (is_spoken_of(group)) continue;
    advertiser_.stop(key->index, key->prefix);
    convergence_.stop({key->index, key->prefix.address});
  }
}

// What lies elsewhere now, or belongs to no group any more, is not wanted where it was.
void Node::want_displaced() {
  for (const auto& key : std::exchange(displaced_, {})) {
    if (is_configured(key)) continue;
    reconciler_.want_one(key, false);
    advertiser_.stop(key.index, key.prefix);
    if (group_of(key) == nullptr) convergence_.stop({key.index, key.prefix.address});
  }
}

// What is no longer ours is not spoken of from this moment on, even if its removal takes a while:
// the new owner must have the last word.
void Node::want(const std::vector<AddressKey>& keys) {
  reconciler_.want(keys);
  displaced_.clear();
  for (auto& group : groups_) group.is_wished_whole = group.is_wished_away = false;
  std::vector<std::pair<InterfaceIndex, Prefix>> spoken_of;
  for (const auto& group : groups_) {
    if (!is_spoken_of(group) || keys.empty()) continue;
    for (const auto& key : group.keys) {
      if (key) spoken_of.emplace_back(key->index, key->prefix);
    }
  }
  std::sort(spoken_of.begin(), spoken_of.end());
  advertiser_.stop_unless([&](InterfaceIndex index, const Prefix& vip) {
    return std::binary_search(spoken_of.begin(), spoken_of.end(), std::pair(index, vip));
  });
  convergence_.stop_unless([&](const Convergence::Vip& vip) {
    const auto [index, address] = vip;
    const std::pair first(index, Prefix{address, 0});
    const auto found = std::lower_bound(spoken_of.begin(), spoken_of.end(), first);
    return found != spoken_of.end() && found->first == index && found->second.address == address;
  });
}

// After a split both sides have told the neighbours that they have the address. The side that
// keeps it says so once more.
void Node::announce_again(Instant now, Actions& out) {
  if (!returned_) return;
  std::size_t vips = 0;
  for (const auto& group : groups_) {
    if (!is_wanted(group) || group.owner != membership_.self()) continue;
    for (const auto& key : group.keys) {
      if (!key || !reconciler_.is_up(*key)) continue;
      advertiser_.start(key->index, key->prefix, interfaces_, now, out);
      ++vips;
    }
  }
  if (vips > 0) log(out, event::AnnouncedAgain{*returned_, vips});
  returned_.reset();
}

// ---- leaving ----------------------------------------------------------------------------------

void Node::finish_leaving(Instant now, Actions& out) {
  const bool is_done = reconciler_.ours() == 0 && reconciler_.is_settled();
  if (!is_done && now < leave_by_) return;
  if (is_done) touched_.clear();  // the last word: nothing is here
  announce(now, out);
  log(out, event::Stopped{reconciler_.ours()});
  phase_ = Phase::gone;
  out.push_back(Exit{0, reconciler_.ours() == 0});
}

}  // namespace vippy::core
