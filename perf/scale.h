// The same with many addresses, and with many nodes.
//
// Purpose: when the last of many addresses answers after their node was lost, and what a node of
//          many costs.
// Order:   for each number of addresses daemons take turns, repetition by repetition.
#pragma once

#include "perf/comparison.h"
#include "perf/crowd.h"

namespace vippy::lab {

struct ScaleWish {
  std::vector<std::string> daemons = {"vippy-lan", "vippy-classic", "keepalived",
                                      "keepalived-many"};
  unsigned repetitions = 3;
  std::vector<std::size_t> addresses = {1, 10, 100, 1'000, 10'000};
  double share = 1;  // of them at home on the node that is lost
  std::vector<unsigned> nodes = {2, 4, 8, 16};
  std::vector<unsigned> simulated = CrowdWish{}.nodes;  // numbers of nodes in the simulator
  double seconds = 3;  // of each measurement of cost
  RosterOptions roster;
};

[[nodiscard]] Report settings_of(const ScaleWish& wish);
[[nodiscard]] Report measure_scale(const ScaleWish& wish, const Progress& progress);

}  // namespace vippy::lab
