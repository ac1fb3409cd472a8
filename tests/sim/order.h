// The rules that a cluster must keep, each a function of its own over the world.
//
// Purpose: say what is wrong, in words with names and addresses; an empty list is good.
// Purity:  they look and change nothing.
// Source:  docs/guarantees.md (the promises' numbers).
#pragma once

#include <string>
#include <vector>

#include "tests/sim/world.h"

namespace vippy::sim {

using Violations = std::vector<std::string>;

// P1: every address of the configuration is on exactly one machine, and that one runs a daemon.
void check_one_owner(const World& world, const core::Shared& shared, Violations& out);
// P1: every host that has an entry for an address has the MAC of the machine that holds it.
void check_neighbours_point_to_owner(World& world, const core::Shared& shared, Violations& out);
// All daemons think the same of every group's owner.
void check_views_agree(const World& world, Violations& out);
// Nothing that carries our mark is on a machine but the addresses of the configuration.
void check_nothing_left_behind(const World& world, const core::Shared& shared, Violations& out);

}  // namespace vippy::sim
