// World, the part with the guards and what they do to their machines.
#include <fmt/format.h>

#include "tests/sim/world.h"

namespace vippy::sim {

namespace {

// A guard waits so long for the one before it to end by itself, as platform/linux/guard_name.cpp.
constexpr Duration kPatience = std::chrono::milliseconds(100);

}  // namespace

DaemonState Machine::guard_state() const {
  if (guards.empty()) return DaemonState::off;
  return guards.front()->is_frozen() ? DaemonState::frozen : DaemonState::running;
}

std::shared_ptr<SimGuard> World::start_guard(std::size_t index, BoardOctets board) {
  auto& machine = machines_[index];
  auto guard = std::make_shared<SimGuard>(index, machine.kernel, *this, now_, std::move(board));
  machine.guards.push_back(guard);
  if (machine.guards.size() == 1) {
    guard->begin();
    see(seen::Guard{index, DaemonState::running});
    return guard;
  }
  later(kPatience, [this, index, waits = std::weak_ptr(guard)] {
    const auto& guards = machines_[index].guards;
    const auto next = waits.lock();
    while (next && guards.front() != next) next_guard(index);
  });
  return guard;
}

// The one that worked has ended.
void World::next_guard(std::size_t index) {
  auto& guards = machines_[index].guards;
  guards.erase(guards.begin());
  if (!guards.empty()) guards.front()->begin();
  see(seen::Guard{index, machines_[index].guard_state()});
}

// One turn each: what a daemon does at the same instant comes between two turns.
void World::guards_turn() {
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    const auto& guards = machines_[i].guards;
    if (guards.empty() || guards.front()->next_deadline() > now_) continue;
    const auto guard = guards.front();
    if (!guard->turn()) next_guard(i);
  }
}

void World::freeze_guard(std::size_t index, bool is_frozen) {
  const auto& machine = machines_[index];
  if (machine.guards.empty() || machine.guards.front()->is_frozen() == is_frozen) return;
  say("world", fmt::format("{} the guard of {}", is_frozen ? "freeze" : "resume", machine.name));
  see_cause(CauseKind::guard, index);
  machine.guards.front()->set_frozen(is_frozen);
  see(seen::Guard{index, machine.guard_state()});
}

void World::kill_guard(std::size_t index) {
  if (machines_[index].guards.empty()) return;
  say("world", "kill the guard of " + machines_[index].name);
  see_cause(CauseKind::guard, index);
  next_guard(index);
}

void World::see_deed(const SimGuard& guard, GuardDeed deed) {
  std::optional<Duration> silent_for;
  if (!guard.is_orphan()) silent_for = now_ - machines_[guard.machine()].turned_at;
  see(seen::GuardActs{guard.machine(), deed, silent_for});
}

void World::speak_for(const SimGuard& guard, std::span<const std::uint8_t> bytes) {
  say("world", "the guard of " + machines_[guard.machine()].name + " says that it leaves");
  see_deed(guard, GuardDeed::speaks);
  send(guard.machine(), bytes);
}

void World::let_go_for(const SimGuard& guard, std::span<const platform::HeldAddress> held) {
  auto& machine = machines_[guard.machine()];
  say("world", "the guard of " + machine.name + " lets go");
  see_deed(guard, GuardDeed::lets_go);
  for (const auto& each : held) {
    const auto found = machine.kernel.addresses.find(each.prefix);
    const bool was_ours = found->second;
    machine.kernel.addresses.erase(found);
    address_changed(guard.machine(), each.prefix, false, was_ours, By::guard);
    if (machine.platform) machine.platform->notify(each.prefix, false, was_ours);
  }
}

void World::end_daemon_of(const SimGuard& guard) {
  auto& machine = machines_[guard.machine()];
  if (guard.is_orphan()) return;
  say("world", "the guard of " + machine.name + " kills it");
  see_deed(guard, GuardDeed::kills);
  machine.is_frozen = false;
  ended(machine, guard.machine());
  trouble_may_have_changed();
}

}  // namespace vippy::sim
