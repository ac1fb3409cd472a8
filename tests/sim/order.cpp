#include "tests/sim/order.h"

#include <fmt/format.h>

#include <algorithm>

namespace vippy::sim {

namespace {

std::vector<core::Prefix> all_vips(const core::Shared& shared) {
  std::vector<core::Prefix> out;
  for (const auto& group : shared.groups) {
    for (const auto& vip : group.vips) out.push_back(vip.prefix());
  }
  return out;
}

std::vector<const Machine*> holders(const World& world, const core::Prefix& vip) {
  std::vector<const Machine*> out;
  for (const auto& machine : world.machines()) {
    if (machine.kernel.addresses.contains(vip)) out.push_back(&machine);
  }
  return out;
}

}  // namespace

void check_one_owner(const World& world, const core::Shared& shared, Violations& out) {
  for (const auto& vip : all_vips(shared)) {
    const auto found = holders(world, vip);
    std::string names;
    for (const auto* machine : found) names += " " + machine->name;
    if (found.size() != 1) {
      out.push_back(fmt::format("{} is on {} machines:{}", core::format(vip), found.size(), names));
    } else if (!found.front()->daemon) {
      out.push_back(fmt::format("{} is on {}, which runs no daemon", core::format(vip), names));
    }
  }
}

void check_neighbours_point_to_owner(World& world, const core::Shared& shared, Violations& out) {
  for (const auto& vip : all_vips(shared)) {
    const auto found = holders(world, vip);
    if (found.size() != 1) continue;
    for (const auto& host : world.hosts()) {
      const auto* mac = host.cached(vip.address);
      if (mac == nullptr || *mac == found.front()->kernel.mac) continue;
      out.push_back(fmt::format("{} has {} at {}, but it is at {} ({})",
                                core::format(host.address()), core::format(vip.address),
                                core::format(*mac), found.front()->name,
                                core::format(found.front()->kernel.mac)));
    }
  }
}

void check_views_agree(const World& world, Violations& out) {
  std::vector<std::size_t> first;
  std::string first_name;
  for (const auto& machine : world.machines()) {
    if (!machine.daemon) continue;
    std::vector<std::size_t> owners;
    for (const auto& group : machine.daemon->status().groups) owners.push_back(group.owner);
    if (first_name.empty()) {
      first = owners;
      first_name = machine.name;
    } else if (owners != first) {
      out.push_back(fmt::format("{} and {} see other owners", first_name, machine.name));
    }
  }
}

void check_nothing_left_behind(const World& world, const core::Shared& shared, Violations& out) {
  const auto vips = all_vips(shared);
  for (const auto& machine : world.machines()) {
    for (const auto& [prefix, tagged] : machine.kernel.addresses) {
      if (tagged && std::find(vips.begin(), vips.end(), prefix) == vips.end()) {
        out.push_back(fmt::format("{} is left behind on {}", core::format(prefix), machine.name));
      }
    }
  }
}

}  // namespace vippy::sim
