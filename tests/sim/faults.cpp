#include "tests/sim/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace vippy::sim {

namespace {

using namespace std::chrono_literals;

// Notifications and retries of the kernel have fixed times: not with intervals of 1 ms.
bool is_quick(const Cluster& cluster) { return cluster.interval() < 10ms; }

void kill(Cluster& cluster) { cluster.world.kill(cluster.any()); }

void kill_and_restart(Cluster& cluster) {
  const auto victim = cluster.any();
  cluster.world.kill(victim);
  cluster.later(cluster.tenths(0, 100), [&cluster, victim] { cluster.world.start(victim); });
}

void power_failure(Cluster& cluster) { cluster.world.power_off(cluster.any()); }

void start_all_dead(Cluster& cluster) {
  for (std::size_t i = 0; i < cluster.size(); ++i) cluster.world.start(i);
}

void stop(Cluster& cluster) { cluster.world.stop(cluster.any()); }

void freeze_for(Cluster& cluster, Duration duration) {
  const auto victim = cluster.any();
  cluster.world.freeze(victim, true);
  cluster.later(duration, [&cluster, victim] { cluster.world.freeze(victim, false); });
}

void freeze_shortly(Cluster& cluster) { freeze_for(cluster, cluster.tenths(1, 25)); }
void freeze_for_long(Cluster& cluster) { freeze_for(cluster, cluster.tenths(31, 150)); }

void freeze_beyond_kill(Cluster& cluster) {
  const auto beyond = cluster.config.stale + cluster.config.guard_kill;
  freeze_for(cluster, beyond + cluster.tenths(0, 60) - cluster.tenths(0, 30));
}

void kill_guard(Cluster& cluster) { cluster.world.kill_guard(cluster.any()); }

void freeze_guard(Cluster& cluster) {
  const auto victim = cluster.any();
  cluster.world.freeze_guard(victim, true);
  cluster.later(cluster.tenths(5, 100),
                [&cluster, victim] { cluster.world.freeze_guard(victim, false); });
}

// Nobody is left to take the addresses away but the next daemon.
void kill_with_guard(Cluster& cluster) {
  const auto victim = cluster.any();
  const bool guard_first = cluster.choice.chance(1, 2);
  if (guard_first) cluster.world.kill_guard(victim);
  cluster.world.kill(victim);
  if (!guard_first) cluster.world.kill_guard(victim);
  cluster.later(cluster.tenths(0, 100), [&cluster, victim] { cluster.world.start(victim); });
}

// A suspended machine, or one that starves: both stop, and wake in either order.
void freeze_with_guard(Cluster& cluster) {
  const auto victim = cluster.any();
  cluster.world.freeze_guard(victim, true);
  cluster.world.freeze(victim, true);
  const auto first = cluster.tenths(5, 150);
  const auto second = first + cluster.tenths(0, 50);
  const bool guard_first = cluster.choice.chance(1, 2);
  cluster.later(guard_first ? first : second,
                [&cluster, victim] { cluster.world.freeze_guard(victim, false); });
  cluster.later(guard_first ? second : first,
                [&cluster, victim] { cluster.world.freeze(victim, false); });
}

// The host of them all pauses. They wake one after the other.
void pause_host(Cluster& cluster) {
  const auto pause = cluster.tenths(5, 150);
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    cluster.world.freeze_guard(i, true);
    cluster.world.freeze(i, true);
    cluster.later(pause + cluster.tenths(0, 9), [&cluster, i] {
      cluster.world.freeze_guard(i, false);
      cluster.world.freeze(i, false);
    });
  }
}

void wake_late(Cluster& cluster) {
  if (cluster.wakes_in_time) return;
  const auto victim = cluster.any();
  const auto most = cluster.choice.chance(1, 2) ? cluster.tenths(1, 8) : cluster.tenths(10, 60);
  cluster.world.set_late(victim, most);
  cluster.later(cluster.tenths(50, 200), [&cluster, victim] {
    cluster.world.set_late(victim, Duration{});
  });
}

// A hears B, B does not hear A.
void cut_one_way(Cluster& cluster) {
  const auto from = cluster.any();
  const auto to = (from + 1 + cluster.choice.below(cluster.size() - 1)) % cluster.size();
  const auto& machines = cluster.world.machines();
  cluster.world.say("world", fmt::format("{} does not hear {} any more", machines[to].name,
                                         machines[from].name));
  cluster.world.cut(from, to, true);
}

// Two do not hear each other; everybody else hears both.
void cut_between(Cluster& cluster) {
  const auto one = cluster.any();
  const auto other = (one + 1 + cluster.choice.below(cluster.size() - 1)) % cluster.size();
  const auto& machines = cluster.world.machines();
  cluster.world.say("world", fmt::format("{} and {} do not hear each other any more",
                                         machines[one].name, machines[other].name));
  cluster.world.cut(one, other, true);
  cluster.world.cut(other, one, true);
}

void partition(Cluster& cluster) {
  const auto ports = is_quick(cluster) ? cluster.size() : cluster.world.segment().ports();
  std::string sides;
  for (PortIndex port = 0; port < ports; ++port) {
    const auto side = static_cast<int>(cluster.choice.below(2));
    cluster.world.put_on_side(port, side);
    sides += side == 0 ? " left" : " right";
  }
  cluster.world.say("world", "partition:" + sides);
}

void heal(Cluster& cluster) { cluster.world.heal(); }

std::vector<std::size_t> shuffled(Cluster& cluster) {
  std::vector<std::size_t> order(cluster.size());
  std::iota(order.begin(), order.end(), 0U);
  for (auto i = order.size(); i > 1; --i) std::swap(order[i - 1], order[cluster.choice.below(i)]);
  return order;
}

void cut_off(Cluster& cluster, std::size_t machine, bool is_cut) {
  cluster.world.say("world", fmt::format("{} is {}", cluster.world.machines()[machine].name,
                                         is_cut ? "cut off" : "back on the segment"));
  for (PortIndex port = 0; port < cluster.world.segment().ports(); ++port) {
    if (port == machine) continue;
    cluster.world.cut(machine, port, is_cut);
    cluster.world.cut(port, machine, is_cut);
  }
}

// Nodes are cut off one by one in one order, and come back one by one in another.
void swizzle(Cluster& cluster) {
  const auto cuts = shuffled(cluster);
  const auto heals = shuffled(cluster);
  const auto how_many = 1 + cluster.choice.below(cluster.size());
  Duration at{};
  for (std::size_t i = 0; i < how_many; ++i) {
    at += cluster.tenths(0, 30);
    cluster.later(at, [&cluster, machine = cuts[i]] { cut_off(cluster, machine, true); });
  }
  for (const auto machine : heals) {
    if (std::find(cuts.begin(), cuts.begin() + static_cast<std::ptrdiff_t>(how_many), machine) ==
        cuts.begin() + static_cast<std::ptrdiff_t>(how_many)) {
      continue;
    }
    at += cluster.tenths(0, 30);
    cluster.later(at, [&cluster, machine] { cut_off(cluster, machine, false); });
  }
}

void lose(Cluster& cluster) {
  auto faults = cluster.world.segment().faults;
  faults.loss_percent = static_cast<std::uint32_t>(1 + cluster.choice.below(30));
  cluster.world.set_traffic(faults);
}

void duplicate(Cluster& cluster) {
  auto faults = cluster.world.segment().faults;
  faults.duplicate_percent = static_cast<std::uint32_t>(1 + cluster.choice.below(40));
  cluster.world.set_traffic(faults);
}

// Some datagrams are overtaken by later ones; now and then by more than `stale`.
void delay(Cluster& cluster) {
  auto faults = cluster.world.segment().faults;
  faults.straggler_percent = static_cast<std::uint32_t>(1 + cluster.choice.below(30));
  faults.straggler_max =
      cluster.choice.chance(1, 3) ? cluster.tenths(35, 100) : cluster.tenths(5, 25);
  cluster.world.set_traffic(faults);
}

void carry_well(Cluster& cluster) { cluster.world.set_traffic(Faults{}); }

void hinder_kernels(Cluster& cluster) {
  const bool refuses = !is_quick(cluster) && cluster.choice.chance(1, 2);
  cluster.refused = cluster.refused || refuses;
  cluster.world.set_kernel(refuses ? 30 : 0,
                           cluster.choice.chance(1, 2) ? cluster.tenths(5, 20) + 220us : 220us,
                           cluster.choice.chance(1, 2) ? cluster.tenths(1, 20) : Duration{});
  cluster.later(cluster.tenths(50, 150),
                [&cluster] { cluster.world.set_kernel(0, 220us, Duration{}); });
}

void pull_cable(Cluster& cluster) {
  const auto victim = cluster.any();
  if (!cluster.world.machines()[victim].is_powered) return;
  cluster.world.set_link(victim, false);
  cluster.later(cluster.tenths(5, 150), [&cluster, victim] {
    if (cluster.world.machines()[victim].is_powered) cluster.world.set_link(victim, true);
  });
}

// After the third theft in ten seconds a daemon waits a second before it puts an address back.
void steal(Cluster& cluster) {
  if (++cluster.thefts > 3 && is_quick(cluster)) return;
  const auto& groups = cluster.config.shared->groups;
  const auto& group = groups[cluster.choice.below(groups.size())];
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    cluster.world.remove_address(i, group.vips.front().prefix());
  }
}

void new_version(Cluster& cluster) {
  const auto where = cluster.any();
  cluster.config.shared =
      make_shared_part(cluster.choice, cluster.world, cluster.versions.back()->version + 1);
  cluster.versions.push_back(cluster.config.shared);
  cluster.world.say("world", fmt::format("version {} on {}", cluster.config.shared->version,
                                         cluster.world.machines()[where].name));
  cluster.world.configure(where, cluster.config);
  cluster.world.reload(where);
}

void reload(Cluster& cluster) { cluster.world.reload(cluster.any()); }

// A machine comes up with a file that the others have left behind.
void old_file(Cluster& cluster) {
  const auto where = cluster.any();
  auto config = cluster.config;
  config.shared = cluster.versions[cluster.choice.below(cluster.versions.size())];
  cluster.world.say("world", fmt::format("version {} in the file of {}", config.shared->version,
                                         cluster.world.machines()[where].name));
  cluster.world.configure(where, config);
  if (cluster.choice.chance(1, 2)) {
    cluster.world.reload(where);
  } else {
    cluster.world.kill(where);
    cluster.world.start(where);
  }
}

// Another content under the newest version's number.
void other_file(Cluster& cluster) {
  const auto where = cluster.any();
  auto config = cluster.config;
  config.shared =
      make_shared_part(cluster.choice, cluster.world, cluster.versions.back()->version);
  cluster.world.say("world", fmt::format("another version {} in the file of {}",
                                         config.shared->version,
                                         cluster.world.machines()[where].name));
  cluster.world.configure(where, config);
  cluster.world.kill(where);
  cluster.world.start(where);
}

void deafen_host(Cluster& cluster) {
  if (is_quick(cluster)) return;
  cluster.world.ignore(cluster.choice.below(cluster.world.hosts().size()),
                       cluster.tenths(10, 100));
}

}  // namespace

void Cluster::later(Duration after, std::function<void()> what) {
  world.later(after, [this, what = std::move(what)] {
    if (!is_peace) what();
  });
}

const std::vector<Fault>& all_faults() {
  static const std::vector<Fault> faults = {
      {"kill", 4, kill, true},
      {"kill_and_restart", 4, kill_and_restart, true},
      {"power_failure", 3, power_failure, true},
      {"start", 8, start_all_dead, true},
      {"stop", 3, stop, true},
      {"freeze_shortly", 2, freeze_shortly, true},
      {"freeze_for_long", 3, freeze_for_long, true},
      {"new_version", 3, new_version, true},
      {"reload", 1, reload, true},
      {"steal", 2, steal, true},
      {"pull_cable", 3, pull_cable, true},
      {"wake_late", 2, wake_late, false},
      {"cut_one_way", 3, cut_one_way, false},
      {"cut_between", 3, cut_between, false},
      {"partition", 2, partition, false},
      {"swizzle", 2, swizzle, false},
      {"heal", 5, heal, false},
      {"lose", 2, lose, false},
      {"duplicate", 1, duplicate, false},
      {"delay", 2, delay, false},
      {"carry_well", 4, carry_well, false},
      {"hinder_kernels", 2, hinder_kernels, false},
      {"old_file", 2, old_file, false},
      {"other_file", 1, other_file, false},
      {"deafen_host", 1, deafen_host, false},
      {"freeze_beyond_kill", 2, freeze_beyond_kill, true, true},
      {"kill_guard", 1, kill_guard, true, true},
      {"freeze_guard", 2, freeze_guard, true, true},
      {"kill_with_guard", 1, kill_with_guard, true, true},
      {"pause_host", 2, pause_host, true},
      {"freeze_with_guard", 2, freeze_with_guard, true, true},
  };
  return faults;
}

const Fault& draw_fault(core::Rng& choice, bool lone, bool has_guards) {
  const auto weight_of = [&](const Fault& fault) {
    const bool fits = (fault.is_lone || !lone) && (has_guards || !fault.needs_guards);
    return fits ? fault.weight : 0;
  };
  unsigned total = 0;
  for (const auto& fault : all_faults()) total += weight_of(fault);
  auto left = choice.below(total);
  for (const auto& fault : all_faults()) {
    const auto weight = weight_of(fault);
    if (left < weight) return fault;
    left -= weight;
  }
  return all_faults().front();
}

std::shared_ptr<const core::Shared> make_shared_part(core::Rng& choice, const World& world,
                                                     std::uint64_t version) {
  auto out = std::make_shared<core::Shared>();
  out->version = version;
  for (const auto& machine : world.machines()) out->nodes.push_back(machine.name);
  const auto groups = 1 + choice.below(6);
  for (std::size_t g = 0; g < groups; ++g) {
    auto& group = out->groups.emplace_back();
    if (choice.chance(1, 3)) group.preferred = out->nodes[choice.below(out->nodes.size())];
    const auto vips = 1 + choice.below(3);
    for (std::size_t v = 0; v < vips; ++v) {
      core::Vip vip;
      vip.interface = "eth0";
      vip.address = core::Ipv4{{10, 0, static_cast<std::uint8_t>(100 + g),
                                static_cast<std::uint8_t>(v + 1)}};
      if (choice.chance(1, 6)) {
        vip.address = *core::parse_ip(fmt::format("fd00::{:x}:{:x}", g + 1, v + 1));
      }
      vip.text = core::format(vip.address);
      vip.prefix_length = vip.address.is_v4() ? 16 : choice.chance(1, 3) ? 48 : 64;
      group.vips.push_back(std::move(vip));
    }
    core::sort_members(group);
  }
  return out;
}

void make_peace(Cluster& cluster, std::size_t dead) {
  auto& world = cluster.world;
  cluster.is_peace = true;
  world.say("world", "peace");
  world.see_cause(CauseKind::peace);
  world.heal();
  world.set_traffic(Faults{});
  world.set_kernel(0, 220us, Duration{});
  cluster.config.shared =
      make_shared_part(cluster.choice, world, cluster.versions.back()->version + 1);
  world.configure(cluster.config);
  auto order = shuffled(cluster);
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    world.set_late(i, Duration{});
    world.freeze(i, false);
    world.freeze_guard(i, false);
    if (world.machines()[i].is_powered) world.set_link(i, true);
  }
  for (std::size_t i = 0; i < cluster.size(); ++i) {
    const auto machine = order[i];
    if (i < dead) {
      world.power_off(machine);
    } else if (world.machines()[machine].daemon) {
      world.reload(machine);
    } else {
      world.start(machine);
    }
  }
}

}  // namespace vippy::sim
