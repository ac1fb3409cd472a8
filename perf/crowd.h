// What a node of many costs, in the simulator: more nodes than a machine can run.
//
// Purpose: datagrams, octets and processor time of one node against the number of nodes.
// Units:   seconds in the wish; per node and second of virtual time in the figures.
// Bounds:  2 to core::kNodesMax nodes; time and memory grow with the square of their number.
// Errors:  std::runtime_error when a cluster does not come to agree within kSettle.
// Source:  tests/sim: whole daemons; the segment, the kernels and the bookkeeping of the simulator
//          count as processor time of the nodes, so that figure is an upper bound.
#pragma once

#include <vector>

#include "perf/comparison.h"

namespace vippy::lab {

struct CrowdWish {
  std::vector<unsigned> nodes = {2, 4, 8, 16, 32, 64, 128, 256};
  double interval = 0.01;
  double seconds = 0.2;  // of each measurement
};

// One entry for each number of nodes: `nodes`, `datagrams` and `octets` that a node sends a second,
// `interval_us` of processor time of a node from one of its announcements to the next, and
// `settled_ms`, from the start of all to a cluster in which every group has one holder.
[[nodiscard]] Report measure_crowd(const CrowdWish& wish, const Progress& progress);

}  // namespace vippy::lab
