// Node, protocol 2: who holds what, by what every node announces.
#include <algorithm>
#include <utility>

#include "core/node.h"

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

// From a guard's first word that its daemon has left to an empty kernel, at most, and a margin.
constexpr Duration kFarewell = 5ms;
// What our kernel would not take is offered to others for so long.
constexpr Duration kRefuseFor = 5s;
// A node that leaves waits so long for its successors.
constexpr Duration kFollowWithin = 1500ms;

}  // namespace

// ---- our own part -----------------------------------------------------------------------------

bool Node::is_settled_node(Instant now) const {
  if (!is_active_) return false;
  if (view_.has_plain_peers()) return true;  // protocol 1 knows no waiting
  return config_.failback && active_since_ && now - *active_since_ >= *config_.failback;
}

// What our kernel holds and what we cannot hold, as the others are to hear it.
void Node::take_stock(Instant now) {
  if (!stock_due_.any()) return;
  bool has_changed = false;
  for (const auto group : stock_due_.take(kStockPerTurn)) {
    has_changed = take_stock_of(group, now) || has_changed;
  }
  if (!has_changed) return;
  refuses_ = refusals_.any();
  announce_change(now);
}

bool Node::take_stock_of(std::size_t index, Instant now) {
  auto& group = groups_[index];
  std::size_t held = 0;
  std::size_t placed = 0;
  for (const auto& key : group.keys) {
    if (!key) continue;
    ++placed;
    if (reconciler_.holds(*key)) ++held;
    if (group.is_held && reconciler_.trouble(*key)) group.refuse_until = now + kRefuseFor;
  }
  if (group.refuse_until <= now) group.refuse_until = {};
  // Held when all of it is here, and until nothing of it is.
  const bool is_claimed = held > 0 && (held == placed || claims_.test(index));
  const bool is_part = held > 0 && !is_claimed;
  const bool is_refused = placed < group.keys.size() || group.refuse_until != Instant{};
  const bool was_claimed = claims_.test(index);
  const bool is_same = is_claimed == was_claimed && is_part == parts_.test(index) &&
                       is_refused == refusals_.test(index);
  if (!is_same) {
    if (is_part || (was_claimed && !is_claimed)) touched_.set(index);
    if (is_claimed && !was_claimed) {
      group.told_since = kUntold;
      untold_.mark(index);
    }
    claims_.set(index, is_claimed);
    parts_.set(index, is_part);
    refusals_.set(index, is_refused);
    decide_due_.mark(index);
  }
  // Of what goes to somebody else each address that is gone is wished for no longer.
  if (group.is_held && !group.is_wished_whole) decide_due_.mark(index);
  set_hold_deadline(index, now);
  return !is_same;
}

// News for the others: at once, but not more often than they can use it.
void Node::announce_change(Instant now) {
  auto at = now;
  if (announced_last_) at = std::max(at, *announced_last_ + news_pause_);
  announce_at_ = std::min(announce_at_, at);
}

// While hundreds of groups move everything is news, and each announcement costs all nodes more than
// a group does: the pause grows with each that is before its time. A hand-over needs three or four.
void Node::lengthen_pause(Instant now) {
  const bool is_early = announced_last_ && now - *announced_last_ < config_.interval;
  const auto longer = std::min(news_pause_ * 5 / 4, config_.interval / 2);
  news_pause_ = is_early ? longer : std::min(config_.interval / 8, Duration(1ms));
}

// ---- deciding ---------------------------------------------------------------------------------

// Reasons for which others are to come first, while we keep what we have.
bool Node::leaves_gently(InactiveReason reason) {
  switch (reason) {
    case InactiveReason::stopping:
    case InactiveReason::draining:
    case InactiveReason::not_a_node:
    case InactiveReason::health: return true;
    case InactiveReason::no_path:
    case InactiveReason::maturing:
    case InactiveReason::settling:
    case InactiveReason::differing:
    case InactiveReason::outdated:
    case InactiveReason::namesake:
    case InactiveReason::isolated:
    case InactiveReason::no_quorum:
    case InactiveReason::deaf_pair:
    case InactiveReason::no_interface:
    case InactiveReason::link_down: return false;
  }
  return false;
}

bool Node::makes_first() const {
  return config_.handover == HandOver::make_first && !traits_.break_before_make;
}

bool Node::keeps_while_leaving(std::size_t group, Instant now) const {
  if (!shown_reason_ || !leaves_gently(*shown_reason_) || !makes_first()) return false;
  if (!claims_.test(group) && !parts_.test(group)) return false;
  const auto owner = groups_[group].owner;
  const bool is_draining = *shown_reason_ == InactiveReason::draining;
  if (owner == kNobody) return is_draining || may_be_followed(now);
  if (!is_draining && leaving_since_ && now - *leaving_since_ > kFollowWithin) return false;
  return !facts_[owner].surely_has(group);
}

// Nobody is there to take over, but somebody was a moment ago and may be heard again. Who is cut
// off and has to let go does not wait for that.
bool Node::may_be_followed(Instant now) const {
  if (!leaving_since_ || standing_reason_ || now > hope_until()) return false;
  const auto lately = 2 * (config_.stale + config_.interval);
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    if (i == membership_.self() || !membership_.was_lost(i)) continue;
    if (*leaving_since_ - *membership_.heard_last(i) <= lately) return true;
  }
  return false;
}

Instant Node::hope_until() const {
  return *leaving_since_ + std::min<Duration>(config_.stale + 2 * config_.interval, kFollowWithin);
}

// Of two configurations of the same version both may name an address: who has it keeps it, and of
// two that have it and are active the first by name. What an inactive one has, it only has still.
bool Node::is_outsiders(std::size_t group) const {
  if (!has_outsiders_) return false;
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    const bool is_theirs = i != membership_.self() && view_.is_outsider(i) &&
                           facts_[i].claims_group(group);
    if (!is_theirs) continue;
    if (!claims_.test(group)) return true;
    if (view_.says_active(i) && membership_.name(i) < identity_) return true;
  }
  return false;
}

// What is only a part of a group is kept for somebody who can have the whole, and not for long.
bool Node::may_keep_part(std::size_t group, Instant now) const {
  const auto owner = groups_[group].owner;
  return owner != kNobody && facts_[owner].is_fit(group) && now < part_until(groups_[group]);
}

Instant Node::part_until(const GroupState& group) const {
  return group.since + 2 * config_.interval + 5ms;
}

bool Node::should_have(std::size_t group, Instant now) const {
  if (forfeits_) return false;
  const bool is_part = parts_.test(group) && groups_[group].owner != membership_.self();
  if (is_part && !may_keep_part(group, now)) return false;
  if (!is_active_) return keeps_while_leaving(group, now);
  if (is_outsiders(group)) return false;
  const auto how = makes_first() ? HandOver::make_first : HandOver::break_first;
  if (should_hold(group, groups_[group].owner, *membership_.self(), facts_, how)) return true;
  return makes_first() && !is_answered(group);
}

// Does who is to have it know that we have it? A word of before we did may have been on its way
// while its speaker stood still: who knows lets go of what it cannot keep, or keeps it.
bool Node::is_answered(std::size_t group) const {
  const auto owner = groups_[group].owner;
  if (owner == kNobody || owner == membership_.self() || !claims_.test(group)) return true;
  if (is_taken_at_its_word(owner)) return true;  // it never says what it has heard
  return view_.hearing().has_heeded(owner, groups_[group].told_since);
}

// Another node that speaks protocol 1: what it is to have, it has.
bool Node::is_taken_at_its_word(std::size_t node) const {
  return node < facts_.size() && node != membership_.self() && facts_[node].is_taken_at_its_word;
}

void Node::look_for_answers() {
  if (!unanswered_.any()) return;
  for (const auto group : unanswered_.take()) {
    (is_answered(group) ? decide_due_ : unanswered_).mark(group);
  }
}

void Node::hold_or_release(std::size_t index, Instant now) {
  auto& group = groups_[index];
  if (should_have(index, now)) {
    group.is_held = true;
    group.release_at = Instant::max();
    if (!is_answered(index)) unanswered_.mark(index);
    return;
  }
  if (!group.is_held) {
    group.release_at = Instant::max();
    return;
  }
  const auto owner = group.owner;
  const bool is_followed = owner != kNobody && owner != membership_.self() &&
                           facts_[owner].claims_group(index) &&
                           (claims_.test(index) || parts_.test(index));
  auto at = now;
  if (forfeits_) {
    at = is_taken_at_its_word(owner) ? std::min(forfeit_at_, now + kLinger) : forfeit_at_;
  } else if (is_followed && makes_first()) {
    at = now + kLinger;
  }
  group.release_at = std::min(group.release_at, at);
  if (now < group.release_at) return;
  group.is_held = false;
  group.release_at = Instant::max();
}

void Node::move_group(std::size_t index, std::size_t to, Instant now, Actions& out) {
  auto& group = groups_[index];
  const auto& spoken = shared_->groups[index];
  group.reason = why_moved(index, to);
  group.since = now;
  log(out, event::GroupMoved{spoken.vips.front().text, node_name(comes_from(index, to)),
                             node_name(to), group.reason});
  // Protocol 1 does not say who holds it: until now the former owner may have.
  note_theirs(index, group.owner != kNobody && group.owner != membership_.self(), now);
  group.owner = to;
  // It was on its way to somebody else, who may have told the neighbours already.
  if (to != membership_.self() || !group.is_held) return;
  group.again_at = now;
}

void Node::speak_again(const GroupState& group, Instant now, Actions& out) {
  for (const auto& key : group.keys) {
    if (!key || !reconciler_.is_up(*key)) continue;
    advertiser_.again(key->index, key->prefix, interfaces_, now, out);
  }
}

bool Node::is_held_by_others(std::size_t group) const {
  for (std::size_t i = 0; i < facts_.size(); ++i) {
    if (i != membership_.self() && facts_[i].has_some_of(group)) return true;
  }
  return false;
}

// Whoever keeps an address that two members held says so to the neighbours once more: while the
// other one still has it, because its last frames may come after our first, and when it has let go.
void Node::settle_contest(std::size_t index, bool is_theirs, Instant now, Actions& out) {
  auto& group = groups_[index];
  note_theirs(index, is_theirs, now);
  const bool is_ours = group.is_held && group.owner == membership_.self();
  if (!is_ours) {
    group.is_contested = false;
    group.again_at = Instant::max();
    return;
  }
  if (is_theirs) {
    if (!std::exchange(group.is_contested, true)) {
      group.again_at = now + kLinger / 2;
      // The other one lets go when it hears that we know, also if we stand still then.
      speak_again(group, now, out);
      announce_change(now);
    }
  } else if (std::exchange(group.is_contested, false)) {
    group.again_at = now;
  }
  if (now < group.again_at) return;
  group.again_at = Instant::max();
  speak_again(group, now, out);
  // A guard says that its daemon has left before its kernel lets go, and no more after it: the
  // kernel may have answered a neighbour's question meanwhile. In protocol 1 it sounds like a stop.
  const bool is_guards = group.reason == MoveReason::owner_died ||
                         group.reason == MoveReason::owner_left;
  const bool is_farewell = group.is_contested && is_guards;
  if (is_farewell && now < group.since + kFarewell) group.again_at = group.since + kFarewell;
}

// By the configuration that a peer has just adopted it lets go of what is ours; until then it may
// have spoken for it. The neighbours are to know before it is gone there.
void Node::renew_contests(Instant now) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!groups_[i].is_contested) continue;
    groups_[i].again_at = std::min(groups_[i].again_at, now + kLinger / 2);
    set_hold_deadline(i, now);
  }
}

// Nobody is known to have what we may still hold: everything stays as it is.
void Node::wait_for_facts(Instant now) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    groups_[i].release_at = groups_[i].again_at = Instant::max();
    set_hold_deadline(i, now);
  }
  must_decide_all_ = true;
  members_changed_ = members_changed_ || standing_.is_waiting();
}

void Node::copy_facts() {
  const auto facts = view_.facts();
  facts_.assign(facts.begin(), facts.end());
  has_outsiders_ = view_.has_outsiders();
  if (!view_.has_plain_peers()) return;
  // Protocol 1 knows neither waiting nor refusing.
  for (auto& one : facts_) {
    one.is_settled = true;
    one.refusals = nullptr;
  }
}

void Node::decide_by_facts(Instant now, Actions& out) {
  take_due(now);
  take_stock(now);
  if (stock_due_.any()) {  // with half of the picture nothing is decided
    must_look_again_ = true;
    return;
  }
  look_for_answers();
  if (forfeits_) hasten_forfeit(now);
  if (forfeits_ && has_forfeited(now)) {
    forfeits_.reset();
    members_changed_ = true;
    announce_at_ = now;
    if (announced_last_) announced_last_ = now;
    begin_settling(now);  // it speaks, and listens, before it takes anything
    must_look_again_ = true;
    return;
  }
  if (is_settled_ != is_settled_node(now)) {
    is_settled_ = !is_settled_;
    members_changed_ = true;
    announce_change(now);
  }
  if (std::exchange(members_changed_, false) || whole_deadline() <= now) decide_due_.mark_all();
  if (!is_undecided()) return;
  if (std::exchange(must_decide_all_, false)) decide_due_.mark_all();
  view_.set_self(membership_.self(), {is_active_, is_settled_, false, &claims_,
                                      refuses_ ? &refusals_ : nullptr, &parts_});
  const bool may_decide = is_mature_ && !settling_since_;
  const bool is_leaving = shown_reason_ && leaves_gently(*shown_reason_);
  const bool must_wait =
      !may_decide && !membership_.any_active() && !forfeits_ && !is_leaving;
  if (must_wait || standing_.is_waiting()) {
    static_cast<void>(decide_due_.take());
    static_cast<void>(others_due_.take());
    return wait_for_facts(now);
  }
  copy_facts();
  decide_some(now, out);
  must_look_again_ = is_undecided();
  if (must_look_again_) return;
  announce_again(now, out);
  config_changed_ = false;
  ever_decided_ = true;
}

std::size_t Node::moves_per_turn() const {
  const auto moves = static_cast<std::size_t>(config_.interval / kMoveTime);
  return std::clamp<std::size_t>(moves, 16, kMovesPerTurn);
}

// It moves, and we neither had it nor get it.
bool Node::is_between_others(std::size_t index, std::size_t to) const {
  const auto& group = groups_[index];
  const auto self = membership_.self();
  const bool was_ours = group.owner == self || group.is_held || claims_.test(index) ||
                        parts_.test(index);
  return group.owner != to && to != self && !was_ours;
}

// Of thousands a part: what is asked for and said of these leaves before the next ones are decided.
// What moves between others comes last: nobody waits for us there.
void Node::decide_some(Instant now, Actions& out) {
  std::vector<std::size_t> due;
  std::size_t moved = 0;
  const auto most = moves_per_turn();
  while (is_undecided() && moved < most) {
    const bool is_rest = !decide_due_.any();
    for (const auto group : (is_rest ? others_due_ : decide_due_).take(most)) {
      const auto to = allot(group, derived().placement.ranking(group), facts_);
      if (!is_rest && is_between_others(group, to)) {
        others_due_.mark(group);
        continue;
      }
      due.push_back(group);
      if (groups_[group].owner == to) continue;
      ++moved;
      move_group(group, to, now, out);
    }
  }
  if (moved > 0) ++counters_.state_changes;
  for (const auto group : due) hold_or_release(group, now);
  if (reconciler_.has_decided()) {
    want_displaced();
    for (const auto group : due) want_group(group);
  } else if (!is_undecided()) {
    want(wanted());  // the first wishes are about everything that was found
  }
  const bool are_many = due.size() >= most;
  const auto held = are_many ? view_.held_by_others() : BitSet();
  for (const auto group : due) {
    const bool is_theirs = are_many ? held.test(group) : is_held_by_others(group);
    settle_contest(group, is_theirs, now, out);
    set_hold_deadline(group, now);
  }
}

// ---- when to decide ---------------------------------------------------------------------------

// Groups whose time has come.
void Node::take_due(Instant now) {
  while (hold_deadlines_.next() <= now) {
    const auto group = hold_deadlines_.take_first();
    decide_due_.mark(group);
    const auto refuse_until = groups_[group].refuse_until;
    if (refuse_until != Instant{} && refuse_until <= now) stock_due_.mark(group);
  }
}

void Node::set_hold_deadline(std::size_t index, Instant now) {
  const auto& group = groups_[index];
  auto at = std::min(group.release_at, group.again_at);
  const bool is_part = group.is_held && parts_.test(index) &&
                       group.owner != membership_.self() && group.release_at == Instant::max();
  if (is_part) at = std::min(at, part_until(group));
  if (group.refuse_until != Instant{}) at = std::min(at, group.refuse_until);
  const bool is_hoping = group.is_held && group.owner == kNobody && leaving_since_ &&
                         shown_reason_ != InactiveReason::draining;
  // Once: whoever still waits for facts then is not woken by a hope that is over.
  if (is_hoping && now <= hope_until()) at = std::min(at, hope_until() + Duration(1));
  hold_deadlines_.set(index, at);
}

bool Node::is_any_held() const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [](const GroupState& group) { return group.is_held; });
}

// When something about all groups may change.
Instant Node::whole_deadline() const {
  auto earliest = standing_.next_deadline();
  if (forfeits_) earliest = std::min(earliest, forfeit_until_);
  for (const auto& deaf : deaf_) {
    if (deaf.heard) earliest = std::min(earliest, *deaf.heard + config_.stale + Duration(1));
  }
  if (is_active_ && !is_settled_ && config_.failback && active_since_) {
    earliest = std::min(earliest, *active_since_ + *config_.failback);
  }
  // While it waits for something else, that decides when it lets go.
  const bool is_waiting = forfeits_ || standing_.is_waiting();
  const bool is_going = !is_waiting && shown_reason_ && leaves_gently(*shown_reason_) &&
                        shown_reason_ != InactiveReason::draining;
  if (is_going) {
    const auto until = *leaving_since_ + kFollowWithin + Duration(1);
    if (is_any_held()) earliest = std::min(earliest, until);
  }
  return earliest;
}

Instant Node::hold_deadline() const { return std::min(whole_deadline(), hold_deadlines_.next()); }

}  // namespace vippy::core
