// World, the part with everything that can be done to a cluster.
#include <fmt/format.h>

#include <algorithm>

#include "tests/sim/world.h"

namespace vippy::sim {

namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::string_view name(CauseKind kind) {
  switch (kind) {
    case CauseKind::start: return "start";
    case CauseKind::stop: return "stop";
    case CauseKind::drain: return "drain";
    case CauseKind::kill: return "kill";
    case CauseKind::freeze: return "freeze";
    case CauseKind::resume: return "resume";
    case CauseKind::late: return "late";
    case CauseKind::link: return "link";
    case CauseKind::cut: return "cut";
    case CauseKind::heal: return "heal";
    case CauseKind::traffic: return "traffic";
    case CauseKind::kernel: return "kernel";
    case CauseKind::theft: return "theft";
    case CauseKind::reload: return "reload";
    case CauseKind::file: return "file";
    case CauseKind::deaf: return "deaf";
    case CauseKind::peace: return "peace";
    case CauseKind::guard: return "guard";
  }
  return "";
}

void World::start(std::size_t index) {
  auto& machine = machines_[index];
  if (machine.daemon) return;
  say("world", "start " + machine.name);
  see_cause(CauseKind::start, index);
  if (!machine.is_powered) {
    machine.is_powered = machine.kernel.is_running = true;
    segment_.unplug(index, false);
  }
  machine.is_frozen = false;
  received_[index].clear();
  machine.silent_since.reset();
  machine.platform =
      std::make_unique<SimPlatform>(index, machine.kernel, *this, now_, rng_.next());
  const auto& node = machine.runs_as.empty() ? machine.name : machine.runs_as;
  machine.daemon = std::make_unique<hall::Daemon>(*machine.platform, node, outside(index));
  machine.turned_at = now_;
  see(seen::Daemon{index, machine.state()});
  machine.daemon->start(machine.config);
  machine.wakes_at = machine.daemon->next_deadline();
}

void World::run_as(std::size_t index, const std::string& node) {
  auto& machine = machines_[index];
  say("world", machine.name + " runs as " + node);
  machine.runs_as = node;
}

void World::operate(std::size_t index, Operation operation) {
  auto& machine = machines_[index];
  if (!machine.platform) return;
  const bool is_stop = operation == Operation::stop;
  say("world", (is_stop ? "stop " : "reload ") + machine.name);
  see_cause(is_stop ? CauseKind::stop : CauseKind::reload, index);
  const auto signal = is_stop ? platform::Signal::stop : platform::Signal::reload;
  machine.platform->deliver({platform::SignalCaught{signal, is_stop ? 15 : 1}, nullptr});
}

void World::kill(std::size_t index) {
  auto& machine = machines_[index];
  if (!machine.daemon) return;
  say("world", "kill " + machine.name);
  see_cause(CauseKind::kill, index);
  machine.is_frozen = false;
  ended(machine, index);
  trouble_may_have_changed();
}

void World::power_off(std::size_t index) {
  auto& machine = machines_[index];
  if (!machine.is_powered) return;
  say("world", "power of " + machine.name + " fails");
  see_cause(CauseKind::kill, index);
  machine.is_frozen = machine.is_powered = machine.kernel.is_running = false;
  segment_.unplug(index, true);
  if (machine.daemon) ended(machine, index);
  if (!machine.guards.empty()) {
    machine.guards.clear();
    see(seen::Guard{index, DaemonState::off});
  }
  for (auto at = machine.kernel.addresses.begin(); at != machine.kernel.addresses.end();) {
    const auto prefix = at->first;
    at = at->second ? machine.kernel.addresses.erase(at) : std::next(at);
    if (!machine.kernel.addresses.contains(prefix)) {
      address_changed(index, prefix, false, true, By::somebody);
    }
  }
  trouble_may_have_changed();
}

void World::freeze(std::size_t index, bool is_frozen) {
  auto& machine = machines_[index];
  if (!machine.daemon || machine.is_frozen == is_frozen) return;
  say("world", (is_frozen ? "freeze " : "resume ") + machine.name);
  see_cause(is_frozen ? CauseKind::freeze : CauseKind::resume, index);
  machine.is_frozen = is_frozen;
  if (is_frozen) machine.silent_since = now_;
  see(seen::Daemon{index, machine.state()});
  trouble_may_have_changed();
}

void World::set_late(std::size_t index, Duration late_max) {
  auto& machine = machines_[index];
  if (machine.late_max == late_max) return;
  say("world", fmt::format("{} wakes up to {:.1f} ms late", machine.name, milliseconds(late_max)));
  see_cause(CauseKind::late, index);
  machine.late_max = late_max;
  if (late_max == Duration{}) machine.woken_at.reset();  // what it had to do, it does now
  see(seen::Daemon{index, machine.state()});
  trouble_may_have_changed();
}

void World::set_link(std::size_t index, bool is_running) {
  auto& machine = machines_[index];
  if (machine.kernel.is_running == is_running) return;
  say("world", fmt::format("link of {} {}", machine.name, is_running ? "up" : "down"));
  see_cause(CauseKind::link, index);
  machine.kernel.is_running = is_running;
  segment_.unplug(index, !is_running);
  if (machine.platform) machine.platform->link_changed();
  trouble_may_have_changed();
}

void World::cut(PortIndex from, PortIndex to, bool is_cut) {
  segment_.cut(from, to, is_cut);
  const auto kind = is_cut ? CauseKind::cut : CauseKind::heal;
  if (from < machines_.size()) see_cause(kind, from);
  if (to < machines_.size()) see_cause(kind, to);
  trouble_may_have_changed();
}

void World::put_on_side(PortIndex port, int side) {
  segment_.put_on_side(port, side);
  see_cause(side == 0 ? CauseKind::heal : CauseKind::cut, kNone);
  trouble_may_have_changed();
}

void World::heal() {
  say("world", "heal");
  see_cause(CauseKind::heal);
  segment_.heal();
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    segment_.unplug(i, !machines_[i].kernel.is_running);
  }
  trouble_may_have_changed();
}

void World::set_traffic(const Faults& faults) {
  say("world", fmt::format("of 100 datagrams {} are lost, {} come twice, {} take up to {:.1f} ms",
                           faults.loss_percent, faults.duplicate_percent, faults.straggler_percent,
                           milliseconds(faults.straggler_max)));
  see_cause(CauseKind::traffic);
  segment_.faults = faults;
  trouble_may_have_changed();
}

void World::set_kernel(std::uint32_t refuse, Duration address_delay_max, Duration lag_max) {
  say("world", fmt::format("kernels refuse {} of 100 addresses, take up to {:.1f} ms, notify up "
                           "to {:.1f} ms late",
                           refuse, milliseconds(address_delay_max), milliseconds(lag_max)));
  see_cause(CauseKind::kernel);
  const auto usual = std::chrono::microseconds(300);
  see(seen::Kernels{refuse == 0 && address_delay_max < usual && lag_max < usual});
  refuse_percent = refuse;
  address_delay_max_ = address_delay_max;
  lag_max_ = lag_max;
  trouble_may_have_changed();
}

void World::remove_address(std::size_t index, const core::Prefix& prefix) {
  auto& machine = machines_[index];
  const auto found = machine.kernel.addresses.find(prefix);
  if (found == machine.kernel.addresses.end()) return;
  const bool was_ours = found->second;
  machine.kernel.addresses.erase(found);
  say("world", fmt::format("somebody removes {} from {}", core::format(prefix), machine.name));
  see_cause(CauseKind::theft, index);
  address_changed(index, prefix, false, was_ours, By::somebody);
  if (machine.platform) machine.platform->notify(prefix, false, was_ours);
}

void World::ignore(std::size_t host, Duration duration) {
  say("world", fmt::format("host {} ignores announcements for {:.1f} ms",
                           core::format(hosts_[host].address()), milliseconds(duration)));
  see_cause(CauseKind::deaf);
  hosts_[host].ignore_until(now_ + duration);
  trouble_may_have_changed();
  later(duration, [this] { trouble_may_have_changed(); });
}

void World::configure(std::size_t index, const core::Config& config) {
  auto& machine = machines_[index];
  machine.config = config;
  // Each machine's file names its own interface.
  if (machine.kernel.interface != "eth0") {
    auto shared = std::make_shared<core::Shared>(*config.shared);
    for (auto& group : shared->groups) {
      for (auto& vip : group.vips) vip.interface = machine.kernel.interface;
    }
    machine.config.shared = std::move(shared);
  }
  see_cause(CauseKind::file, index);
  see(seen::File{index, config.shared});
}

void World::configure(const core::Config& config) {
  for (std::size_t i = 0; i < machines_.size(); ++i) configure(i, config);
}

}  // namespace vippy::sim
