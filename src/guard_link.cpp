#include "guard_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "platform/os_error.h"

namespace vippy::hall {

namespace {

using core::Priority;

constexpr core::Duration kListenPauseMin = std::chrono::milliseconds(1);
constexpr core::Duration kListenPauseMax = std::chrono::milliseconds(100);
constexpr core::Duration kPauseMin = std::chrono::milliseconds(100);
constexpr core::Duration kPauseMax = std::chrono::seconds(10);
constexpr core::Duration kSteady = std::chrono::seconds(10);  // a guard that lived this long
constexpr core::Duration kStartMoment = std::chrono::seconds(1);  // to be there takes a moment
constexpr std::size_t kNoticesMax = 64;

}  // namespace

GuardLink::GuardLink(std::unique_ptr<platform::GuardProcess> process)
    : process_(std::move(process)), board_(make_board(process_->board())) {}

bool GuardLink::start(const GuardSetup& setup, core::Instant now) {
  setup_ = setup;
  if (!unguarded_since_) unguarded_since_ = now;
  if (board_ == nullptr) {
    say(Priority::err, "no guard: no memory to share with it: " +
                           platform::explain(process_->board_error()));
    return false;
  }
  if (const int error = process_->find_program(setup.program); error != 0) {
    say(Priority::err, "no guard: vippy-guard is neither beside vippyd nor installed: " +
                           platform::explain(error));
    return false;
  }
  board_->has_tags = setup.has_tags ? 1 : 0;
  is_wanted_ = true;
  launch(now);
  return true;
}

void GuardLink::beat(core::Instant now) {
  if (board_ == nullptr) return;
  board_->beat_at.store(now.time_since_epoch().count());
  if (now >= listen_at_ && is_wanted_) tend(now);
}

core::Instant GuardLink::beat_by() const {
  const bool is_watched = board_ != nullptr && is_wanted_ && times_.stale > core::Duration::zero();
  if (!is_watched) return core::Instant::max();
  // A little more than the usual interval, a third of stale: then no turn is made for this alone.
  return core::Instant(core::Duration(board_->beat_at.load())) + times_.stale * 3 / 8;
}

void GuardLink::launch(core::Instant now) {
  launched_at_ = now;
  is_ready_ = false;
  // The time before the first guard, or between two, is nobody's silence.
  board_->beat_at.store(now.time_since_epoch().count());
  const int error = process_->start(setup_.name);
  if (error == 0) return;
  say(Priority::err, "the guard cannot be started: " + platform::explain(error));
  on_gone(now);
}

// A guard that is stopped or starved guards nobody. Of a pause of the whole machine only a little
// counts: it has stood still as well.
void GuardLink::note_its_look(core::Instant now, core::Duration passed) {
  const auto looked_at = board_->looked_at.load();
  if (std::exchange(looked_at_, looked_at) != looked_at || times_.stale <= core::Duration::zero()) {
    if (stands_still_since_) say(Priority::notice, "the guard looks after vippyd again");
    stands_still_since_.reset();
    unseen_for_ = {};
    return;
  }
  unseen_for_ += std::min(passed, 2 * kListenPauseMax);
  if (stands_still_since_ || unseen_for_ <= std::max(kStartMoment, 4 * times_.stale)) return;
  stands_still_since_ = now;
  say(Priority::err,
      fmt::format("the guard stands still: when vippyd dies or hangs now nobody takes its "
                  "addresses off; let process {0} go on (kill -CONT {0}), or kill it, and another "
                  "is started",
                  guard_process()));
}

void GuardLink::tend(core::Instant now) {
  const auto passed = now - std::exchange(tended_at_, now);
  listen_at_ = now + std::clamp(times_.stale / 2, kListenPauseMin, kListenPauseMax);
  if (!process_->is_running()) {
    if (now < launch_at_) return;
    ++restarts_;
    launch(now);
    return;
  }
  const auto word = process_->listen();
  if (word.fitness) on_ready(*word.fitness);
  if (is_ready_ && !word.is_gone) note_its_look(now, passed);
  if (!word.is_gone) return;
  say(Priority::err, "the guard ended unexpectedly: another one is started");
  on_gone(now);
}

void GuardLink::on_ready(const platform::Fitness& fitness) {
  is_ready_ = true;
  unguarded_since_.reset();
  unseen_for_ = {};
  say(Priority::notice, fmt::format("guarded by process {}", process_->process()));
  const auto refused = [this](int error, const char* what) {
    if (error == 0) return;
    say(Priority::err, fmt::format("the guard {}: {}", what, platform::explain(error)));
  };
  refused(fitness.removal, "cannot remove addresses");
  refused(fitness.kill, "cannot end a vippyd that hangs");
  refused(fitness.memory_lock, "is not locked in memory");
  if (fitness.out_of_memory != 0) {
    say(Priority::warning,
        "the guard may be killed when memory runs out: to be spared needs CAP_SYS_RESOURCE, or a "
        "vippyd that is started with OOMScoreAdjust=-900 or less, as its unit does");
  }
  refused(fitness.name, "cannot make sure that it is the only one");
}

void GuardLink::on_gone(core::Instant now) {
  if (is_ready_ && now - launched_at_ >= kSteady) pause_ = {};
  is_ready_ = false;
  stands_still_since_.reset();
  if (!unguarded_since_) unguarded_since_ = now;
  launch_at_ = now + pause_;
  listen_at_ = std::min(listen_at_, launch_at_);
  pause_ = std::clamp(2 * pause_, kPauseMin, kPauseMax);
}

void GuardLink::set_times(const GuardTimes& times) {
  if (board_ == nullptr || times == times_) return;
  times_ = times;
  board_->stale.store(times.stale.count());
  board_->kill_after.store(times.kill_after.count());
  board_->hand_over.store(times.hand_over.count());
  board_->priority.store(times.priority);
  process_->poke();
}

void GuardLink::set_will(std::span<const std::uint8_t> datagram) {
  if (board_ != nullptr) board_->will.publish(datagram);
}

void GuardLink::set_route(std::span<const platform::WillTarget> targets) {
  if (board_ == nullptr) return;
  const auto fitting = targets.first(std::min(targets.size(), kRouteTargetsMax));
  board_->route.publish(
      {reinterpret_cast<const std::uint8_t*>(fitting.data()), fitting.size_bytes()});
}

bool GuardLink::holding(const platform::HeldAddress& held) {
  if (board_ == nullptr) return false;
  if (slots_.contains(held)) return true;
  if (free_.empty() && slots_end_ == board_->held.size()) {
    if (!std::exchange(is_full_said_, true)) {
      say(Priority::err,
          fmt::format("the guard knows {} addresses and has no room for more", slots_end_));
    }
    return false;
  }
  std::uint32_t slot = slots_end_;
  if (free_.empty()) {
    ++slots_end_;
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_.emplace(held, slot);
  board_->held[slot].put(held);
  board_->held_end.store(slots_end_);
  return true;
}

void GuardLink::let_go(const platform::HeldAddress& held) {
  const auto found = slots_.find(held);
  if (found == slots_.end()) return;
  board_->held[found->second].clear();
  free_.push_back(found->second);
  slots_.erase(found);
}

std::optional<core::Duration> GuardLink::was_fenced(core::Instant now) {
  if (board_ == nullptr || !is_fence_up(*board_)) return std::nullopt;
  board_->beat_at.store(now.time_since_epoch().count());
  if (!lower_fence(*board_)) return std::nullopt;
  process_->poke();
  ++fences_;
  const auto removed = board_->removed.load();
  const int error = board_->removal_error.load();
  std::string outcome = fmt::format(" and removed {} address{}", removed, removed == 1 ? "" : "es");
  if (removed == 0) {
    outcome = error != 0 ? ""
                         : " and found no address to remove: none was held, their lease had run "
                           "out, or vippyd woke before";
  }
  say(Priority::err, "this vippyd did not get round for longer than `stale`: its guard has said "
                     "that this node leaves" + outcome);
  if (error != 0) {
    say(Priority::err, "the guard could not remove addresses: " + platform::explain(error));
  }
  const core::Instant removes_at(core::Duration(board_->fenced_at.load()) + times_.hand_over);
  return std::max(removes_at - now, core::Duration::zero());
}

void GuardLink::leave_cleanly() {
  is_wanted_ = false;
  if (board_ == nullptr) return;
  board_->is_leaving.store(1);
  process_->poke();
}

void GuardLink::show(core::Status& status, core::Instant now) const {
  auto& shown = status.guard.emplace();
  if (is_guarded()) shown.process = guard_process();
  shown.restarts = restarts_;
  shown.fences = fences_;
  if (stands_still_since_) {
    status.troubles.push_back({"", "", "the guard stands still: when vippyd dies or hangs nobody "
                                       "takes its addresses off; the log says what to do",
                               now - *stands_still_since_});
  }
  if (!unguarded_since_ || now - *unguarded_since_ <= kStartMoment) return;
  status.troubles.push_back(
      {"", "", "no guard runs: when vippyd dies or hangs nobody takes its addresses off; the log "
               "says why",
       now - *unguarded_since_});
}

std::optional<GuardNotice> GuardLink::take_notice() {
  if (notices_.empty()) return std::nullopt;
  auto out = std::move(notices_.front());
  notices_.pop_front();
  return out;
}

void GuardLink::say(Priority priority, std::string text) {
  if (notices_.size() < kNoticesMax) notices_.push_back({priority, std::move(text)});
}

}  // namespace vippy::hall
