// Node, protocol 2: letting go before it speaks, of who was late itself or was fenced by its guard.
#include <algorithm>
#include <utility>

#include "core/node.h"

namespace vippy::core {

// Until others have noticed that we were silent. Who must not hold what it cannot defend does not
// share it for a moment, and who leaves has no time.
Duration Node::linger() const {
  const bool is_leaving = phase_ == Phase::leaving;
  if (is_leaving || !makes_first() || standing_.is_strict()) return Duration::zero();
  return config_.stale + 2 * config_.interval + kLinger;
}

// Others have taken what we had, or take it in this moment. Until all of it is gone we say nothing,
// neither to them nor to the neighbours.
void Node::forfeit(Forfeit why, Instant now, Duration linger, Actions& out) {
  begin_settling(now);
  out.push_back(WithdrawAdditions{});
  if (!goes_by_facts()) return;
  forfeits_ = why;
  forfeit_at_ = now + linger;
  forfeit_until_ = forfeit_at_ + config_.stale;
  forfeit_left_ = reconciler_.ours();
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    auto& group = groups_[i];
    group.is_held = group.is_held && linger > Duration::zero();
    group.release_at = group.is_held ? forfeit_at_ : Instant::max();
    group.again_at = Instant::max();
    set_hold_deadline(i, now);
  }
  want(wanted());
}

// Of groups in the numbers of ours: what others have, also those that do not hear us (any more).
BitSet Node::taken_by_others(Instant now) const {
  auto taken = view_.held_by_others();
  for (const auto& deaf : deaf_) {
    if (deaf.is_there(now, config_.stale)) taken |= deaf.claims;
  }
  return taken;
}

// What somebody has taken is handed over as ever. The rest waits for whoever stands still, too, and
// so does what its taker gave back meanwhile. Who speaks protocol 1 does not say what it has.
void Node::hasten_forfeit(Instant now) {
  const auto at = now + kLinger;
  if (at >= forfeit_at_) return;
  const auto taken = taken_by_others(now);
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    auto& group = groups_[i];
    if (!group.is_held) continue;
    const bool is_taken = taken.test(i) || is_taken_at_its_word(group.owner);
    const auto release_at = is_taken ? std::min(group.release_at, at) : forfeit_at_;
    if (release_at == group.release_at) continue;
    group.release_at = release_at;
    set_hold_deadline(i, now);
  }
}

// Not even one that does not hear us.
bool Node::hears_nobody(Instant now) const {
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    if (i == membership_.self()) continue;
    if (deaf_[i].is_there(now, config_.stale) || !membership_.is_silent(i)) return false;
  }
  return true;
}

// A kernel that takes its time is waited for as long as it gets on, and it has `stale` from when it
// was asked: we may have stood still once more.
bool Node::has_forfeited(Instant now) {
  // Who took something stands still as we did, or is gone: then nobody has it but we, if anybody.
  // What a guard takes off goes in any case.
  const bool may_keep = forfeits_ == Forfeit::late;
  if (may_keep && now < forfeit_at_ && hears_nobody(now)) return true;
  const auto left = reconciler_.ours();
  const bool gets_on = std::exchange(forfeit_left_, left) > left;
  if (gets_on || (now >= forfeit_until_ && is_any_held())) {
    forfeit_until_ = std::max(forfeit_until_, now + config_.stale);
  }
  return left == 0 || now >= forfeit_until_;
}

}  // namespace vippy::core
