#include "tests/sim/sim_guard.h"

#include <sys/mman.h>

#include <utility>

#include "core/assert.h"

namespace vippy::sim {

namespace {

// As the real one: pages that nobody touches cost nothing, and a board is large.
BoardOctets fresh_memory(std::size_t octets) {
  void* at = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  VIPPY_ASSERT(at != MAP_FAILED);
  return {static_cast<std::byte*>(at), [octets](std::byte* memory) { ::munmap(memory, octets); }};
}

}  // namespace

SimGuard::SimGuard(std::size_t machine, const Kernel& kernel, GuardedMachines& machines,
                   const Instant& now, BoardOctets board)
    : machine_(machine),
      kernel_(kernel),
      machines_(machines),
      now_(now),
      board_(std::move(board)) {}

void SimGuard::begin() {
  watch_.emplace(*this, *hall::find_board(board()));
  report(prepare({}));
  wakes_at_ = Instant::min();
}

bool SimGuard::turn() {
  is_poked_ = false;
  const auto until = watch_->turn(is_orphan_);
  // What it did may have woken it again: the end of its daemon.
  if (until && !is_poked_) wakes_at_ = *until;
  return until.has_value();
}

std::optional<platform::Fitness> SimGuard::take_report() {
  return std::exchange(report_, std::nullopt);
}

int SimGuard::send(const platform::WillTarget&, std::span<const std::uint8_t> bytes) {
  machines_.speak_for(*this, bytes);
  return 0;
}

int SimGuard::find(std::span<const platform::HeldAddress> held, bool needs_tag) {
  found_.clear();
  for (const auto& each : held) {
    const auto at = kernel_.addresses.find(each.prefix);
    if (each.index != kEth0 || at == kernel_.addresses.end()) continue;
    if (at->second || !needs_tag) found_.push_back(each);
  }
  return 0;
}

platform::Removed SimGuard::remove_some(std::span<const platform::HeldAddress>) {
  if (!found_.empty()) machines_.let_go_for(*this, found_);
  return {std::exchange(found_, {}).size(), 0, true};
}

SimGuardProcess::SimGuardProcess(std::size_t machine, GuardedMachines& machines)
    : machine_(machine),
      machines_(machines),
      board_(fresh_memory(sizeof(hall::Board))) {}

SimGuardProcess::~SimGuardProcess() {
  if (const auto guard = guard_.lock()) guard->orphan();
}

int SimGuardProcess::start(const std::string&) {
  if (const auto earlier = guard_.lock()) earlier->orphan();
  guard_ = machines_.start_guard(machine_, board_);
  is_running_ = true;
  ++starts_;
  return 0;
}

platform::GuardProcess::Word SimGuardProcess::listen() {
  Word word;
  const auto guard = guard_.lock();
  if (guard) {
    word.fitness = guard->take_report();
  } else {
    word.is_gone = std::exchange(is_running_, false);
  }
  return word;
}

void SimGuardProcess::poke() const {
  if (const auto guard = guard_.lock()) guard->poke();
}

}  // namespace vippy::sim
