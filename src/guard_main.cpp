// vippy-guard: sees vippyd die or hang, and leaves on its behalf. Started by vippyd, never by hand.
// What it decides is in guard.h, what it knows is on the board, what it does is in guard_host.h.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "guard.h"
#include "guard_board.h"
#include "platform/guard_host.h"

namespace {

using namespace vippy;

constexpr int kUsage = 2;
constexpr int kOtherForm = 3;

core::Duration duration(const std::atomic<std::int64_t>& nanoseconds) {
  return core::Duration(nanoseconds.load());
}

class Watch {
 public:
  Watch(platform::GuardHost& host, hall::Board& board) : host_(host), board_(board) {
    held_.reserve(core::kVipsMax);
    keep(board_.will);
    keep(board_.route);
    keep(will_);
    keep(route_);
  }

  void run() {
    for (;;) {
      const auto steps = guard_.step(look());
      perform(steps);
      if (steps.end) return;
      is_dead_ = host_.wait(steps.look_again);
    }
  }

 private:
  template <typename Value>
  void keep(const Value& value) {
    host_.keep_in_memory(std::as_bytes(std::span(&value, 1)));
  }

  hall::GuardView look() {
    follow();
    hall::GuardView view;
    view.now = host_.now();
    view.beat_at = core::Instant(duration(board_.beat_at));
    view.stale = duration(board_.stale);
    view.kill_after = duration(board_.kill_after);
    view.hand_over = duration(board_.hand_over);
    view.is_dead = is_dead_;
    view.is_leaving = board_.is_leaving.load() != 0;
    view.is_fence_up = hall::is_fence_up(board_);
    view.is_clean = is_clean_;
    return view;
  }

  // What has changed on the board and has to be ready before it is needed.
  void follow() {
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

  [[nodiscard]] std::size_t held_end() const {
    return std::min<std::size_t>(board_.held_end.load(), board_.held.size());
  }

  void perform(const hall::GuardSteps& steps) {
    if (steps.raise_fence) {
      board_.removed = 0;
      board_.removal_error = 0;
      hall::raise_fence(board_);
    }
    if (steps.lower_fence) hall::lower_fence(board_);
    if (steps.send_will) send_will();
    if (steps.let_go) let_go();
    if (steps.kill) host_.kill_daemon();
  }

  void send_will() {
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

  void let_go() {
    held_.clear();
    for (const auto& slot : std::span(board_.held).first(held_end())) {
      if (const auto held = slot.get()) held_.push_back(*held);
    }
    std::sort(held_.begin(), held_.end());
    int error = host_.find(held_, board_.has_tags.load() != 0);
    while (error == 0) {
      // A daemon that woke up and knows is the master of its addresses again.
      if (!is_dead_ && !hall::is_fence_up(board_)) break;
      const auto removed = host_.remove_some(held_);
      board_.removed += static_cast<std::uint32_t>(removed.count);
      error = removed.os_error;
      if (removed.is_complete) break;
    }
    board_.removal_error = error;
    is_clean_ = error == 0;
  }

  platform::GuardHost& host_;
  hall::Board& board_;
  hall::Guard guard_;
  bool is_dead_ = false;
  bool is_clean_ = false;
  std::int32_t priority_ = 0;
  std::size_t kept_ = 0;
  std::vector<platform::HeldAddress> held_;
  std::array<std::uint8_t, core::kDatagramOctetsMax> will_{};
  std::array<std::uint8_t, hall::kRouteTargetsMax * sizeof(platform::WillTarget)> route_{};
};

}  // namespace

int main(int argc, char** argv) {
  const auto host = platform::make_guard_host();
  if (!host) {
    std::fputs("vippy-guard: vippyd starts this program; there is nothing to do by hand\n", stderr);
    return kUsage;
  }
  const auto fitness = host->prepare(argc > 1 ? argv[1] : "");
  auto* board = hall::find_board(host->board());
  if (board == nullptr) return kOtherForm;
  host->report(fitness);
  const auto watch = std::make_unique<Watch>(*host, *board);
  watch->run();
  return 0;
}
