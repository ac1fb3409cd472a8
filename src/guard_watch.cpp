#include "guard_watch.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>
#include <string_view>

namespace vippy::hall {

namespace {

core::Duration duration(const std::atomic<std::int64_t>& nanoseconds) {
  return core::Duration(nanoseconds.load());
}

template <typename Value>
std::span<const std::byte> octets_of(const Value& value) {
  return std::as_bytes(std::span(&value, 1));
}

}  // namespace

GuardWatch::GuardWatch(platform::GuardHost& host, Board& board) : host_(host), board_(board) {
  held_.reserve(core::kVipsMax);
  host_.keep_in_memory(octets_of(board_.will));
  host_.keep_in_memory(octets_of(board_.route));
  host_.keep_in_memory(octets_of(will_));
  host_.keep_in_memory(octets_of(route_));
}

std::optional<core::Instant> GuardWatch::turn(bool is_dead) {
  // What was removed before a fence that is down again is told already.
  if (is_dead && !is_dead_ && !is_fence_up(board_)) board_.removed = 0;
  is_dead_ = is_dead;
  const auto steps = guard_.step(look());
  perform(steps);
  if (steps.end && board_.is_leaving.load() == 0) say_what_was_done();
  if (steps.end) return std::nullopt;
  return steps.look_again;
}

GuardView GuardWatch::look() {
  follow();
  GuardView view;
  view.now = host_.now();
  board_.looked_at = view.now.time_since_epoch().count();
  view.beat_at = core::Instant(duration(board_.beat_at));
  view.stale = duration(board_.stale);
  view.kill_after = duration(board_.kill_after);
  view.hand_over = duration(board_.hand_over);
  view.is_dead = is_dead_;
  view.is_leaving = board_.is_leaving.load() != 0;
  view.is_fence_up = is_fence_up(board_);
  view.is_clean = is_clean_;
  return view;
}

// What has changed on the board and has to be ready before it is needed.
void GuardWatch::follow() {
  const auto priority = board_.priority.load();
  if (priority != priority_) (void)host_.set_priority(priority);
  priority_ = priority;
  const auto end = held_end();
  if (end <= kept_) return;
  host_.keep_in_memory(std::as_bytes(std::span(board_.held).first(end)));
  held_.resize(end);
  host_.keep_in_memory(std::as_bytes(std::span(held_)));
  kept_ = end;
}

std::size_t GuardWatch::held_end() const {
  return std::min<std::size_t>(board_.held_end.load(), board_.held.size());
}

void GuardWatch::perform(const GuardSteps& steps) {
  if (steps.raise_fence) {
    board_.removed = 0;
    board_.removal_error = 0;
    board_.fenced_at = host_.now().time_since_epoch().count();
    raise_fence(board_);
  }
  if (steps.lower_fence) lower_fence(board_);
  if (steps.send_will) send_will();
  if (steps.let_go) let_go();
  if (steps.kill) host_.kill_daemon();
  has_killed_ = has_killed_ || steps.kill;
}

// The daemon cannot tell any more, and the next one does not know.
void GuardWatch::say_what_was_done() {
  std::array<char, 200> line{};
  const auto* what = has_killed_ ? "hung and was killed" : "ended without a word";
  const auto* rest = is_clean_ ? "" : "; some may be left: look with `ip address`";
  const int size = std::snprintf(line.data(), line.size(),
                                 "vippy-guard: vippyd %s: its guard has said for it that this "
                                 "node leaves and removed %" PRIu32 " addresses%s",
                                 what, board_.removed.load(), rest);
  host_.say(std::string_view(line.data(), line.size()).substr(0, static_cast<std::size_t>(size)));
}

void GuardWatch::send_will() {
  const auto size = board_.will.read(will_);
  const auto octets = board_.route.read(route_);
  if (!size || !octets) return;
  for (std::size_t at = 0; at + sizeof(platform::WillTarget) <= *octets;
       at += sizeof(platform::WillTarget)) {
    platform::WillTarget target;
    std::memcpy(&target, route_.data() + at, sizeof(target));
    (void)host_.send(target, std::span(will_).first(*size));
  }
}

void GuardWatch::let_go() {
  held_.clear();
  for (const auto& slot : std::span(board_.held).first(held_end())) {
    if (const auto held = slot.get()) held_.push_back(*held);
  }
  std::sort(held_.begin(), held_.end());
  int error = host_.find(held_, board_.has_tags.load() != 0);
  while (error == 0) {
    // A daemon that woke up and knows is the master of its addresses again.
    if (!is_dead_ && !is_fence_up(board_)) break;
    const auto removed = host_.remove_some(held_);
    board_.removed += static_cast<std::uint32_t>(removed.count);
    error = removed.os_error;
    if (removed.is_complete) break;
  }
  board_.removal_error = error;
  is_clean_ = error == 0;
}

}  // namespace vippy::hall
