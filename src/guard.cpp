#include "guard.h"

#include <algorithm>

namespace vippy::hall {

namespace {

constexpr auto kTick = core::Duration(1);

bool is_beating(const GuardView& view) {
  return view.stale <= core::Duration::zero() || view.now - view.beat_at <= view.stale;
}

}  // namespace

GuardSteps Guard::step(const GuardView& view) {
  GuardSteps steps;
  steps.look_again = core::Instant::max();
  if (view.is_leaving) state_ = State::done;
  switch (state_) {
    case State::watching: watch(view, steps); break;
    case State::suspecting: suspect(view, steps); break;
    case State::leaving: leave(view, steps); break;
    case State::fenced: stay_fenced(view, steps); break;
    case State::killing: wait_for_death(view, steps); break;
    case State::done: break;
  }
  steps.end = state_ == State::done;
  planned_ = steps.look_again;
  return steps;
}

// This process was stopped, suspended or starved itself: the daemon probably was as well.
bool Guard::overslept(const GuardView& view) const {
  return planned_ < view.now && view.now - planned_ > view.stale / 2;
}

// Both wake from the same pause, and the daemon may be the later one.
core::Duration Guard::grace_for(const GuardView& view) const {
  if (overslept(view)) return view.stale;
  const auto late = view.now - std::min(planned_, view.now);
  return late > view.stale / 16 ? late : core::Duration::zero();
}

void Guard::watch(const GuardView& view, GuardSteps& steps) {
  state_ = State::watching;
  if (view.is_dead) return begin_leaving(view, steps);
  if (view.stale <= core::Duration::zero()) return;
  if (is_beating(view)) {
    has_had_grace_ = false;
    steps.look_again = view.beat_at + view.stale + kTick;
    return;
  }
  // Once until it beats again: a guard that is always late would never act.
  const auto grace = grace_for(view);
  if (grace > core::Duration::zero() && !has_had_grace_) {
    has_had_grace_ = true;
    steps.look_again = view.now + grace;
    return;
  }
  state_ = State::suspecting;
  steps.raise_fence = true;
  steps.look_again = view.now;
}

// The fence is up. Whoever was stopped between the look and the fence sees it here.
void Guard::suspect(const GuardView& view, GuardSteps& steps) {
  if (view.is_dead) return begin_leaving(view, steps);
  if (!view.is_fence_up) return watch(view, steps);
  if (!is_beating(view)) return begin_leaving(view, steps);
  steps.lower_fence = true;
  watch(view, steps);
}

void Guard::begin_leaving(const GuardView& view, GuardSteps& steps) {
  state_ = State::leaving;
  has_had_grace_ = false;
  left_at_ = view.now;
  next_will_ = view.now;
  wills_ = 0;
  next_removal_ = view.now + view.hand_over;
  removals_ = 0;
  leave(view, steps);
}

void Guard::leave(const GuardView& view, GuardSteps& steps) {
  // It is back and knows that it was given up: what it holds is its own business again.
  if (!view.is_dead && !view.is_fence_up) return watch(view, steps);
  const bool is_last = removals_ > 0 && is_removal_over(view);
  if (wills_ + 1 < kWills || is_last) say_will(view, steps);
  if (is_last && wills_ == kWills) {
    state_ = view.is_dead ? State::done : State::fenced;
    kill_at_ = left_at_ + view.kill_after;
    if (state_ == State::fenced) stay_fenced(view, steps);
    return;
  }
  remove(view, steps);
  steps.look_again = is_removal_over(view) || wills_ + 1 < kWills ? next_will_ : next_removal_;
  if (!is_removal_over(view)) steps.look_again = std::min(steps.look_again, next_removal_);
}

void Guard::say_will(const GuardView& view, GuardSteps& steps) {
  if (view.now < next_will_) return;
  steps.send_will = true;
  ++wills_;
  next_will_ = view.now + kWillPause;
}

void Guard::remove(const GuardView& view, GuardSteps& steps) {
  if (is_removal_over(view) || view.now < next_removal_) return;
  steps.let_go = true;
  // What the first attempt left is seen in the next view, at once.
  next_removal_ = removals_ == 0 ? view.now : view.now + kRemovalPause;
  ++removals_;
}

bool Guard::is_removal_over(const GuardView& view) const {
  return (removals_ > 0 && view.is_clean) || removals_ >= kRemovalsMax;
}

void Guard::stay_fenced(const GuardView& view, GuardSteps& steps) {
  if (view.is_dead) return begin_leaving(view, steps);
  if (!view.is_fence_up) return watch(view, steps);
  // Both were stopped together: it gets the time to say that it is back.
  if (overslept(view) && !has_had_grace_) {
    has_had_grace_ = true;
    kill_at_ = std::max(kill_at_, view.now + view.stale);
  }
  if (view.now < kill_at_) {
    steps.look_again = kill_at_;
    return;
  }
  state_ = State::killing;
  wait_for_death(view, steps);
}

void Guard::wait_for_death(const GuardView& view, GuardSteps& steps) {
  if (view.is_dead) return begin_leaving(view, steps);
  if (!view.is_fence_up) return watch(view, steps);
  steps.kill = true;
  steps.look_again = view.now + kDeathPause;
}

}  // namespace vippy::hall
