// What it costs to stand by.
//
// Purpose: processor, wake-ups, octets on the wire and memory of a node while nothing happens: of
//          all its processes, with all their threads; of the node that has the addresses ("owner")
//          and of one that has none ("other").
// Units:   in the JSON: percent of one processor, microseconds of processor time an interval,
//          wake-ups and octets a second (sent by the node, frames whole), KiB of PSS.
// Order:   daemons take turns, repetition by repetition.
// Source:  /proc/PID/task/*/schedstat and status, /proc/PID/smaps_rollup, /proc/net/dev.
#pragma once

#include "perf/comparison.h"

namespace vippy::lab {

struct CostWish {
  std::vector<std::string> daemons = {"vippy-fast", "vippy-lan", "keepalived", "bare-fast",
                                      "bare-lan"};
  unsigned repetitions = 3;
  double seconds = 5;
  std::size_t addresses = 1;
  std::vector<unsigned> nodes = {3};  // one measurement for each number of nodes
  RosterOptions roster;
};

struct Usage {
  Duration ran{};
  std::uint64_t wakeups = 0;
  std::uint64_t octets = 0;
  std::uint64_t pss_kib = 0;
};
// Since these processes began; a process that is gone counts for nothing.
[[nodiscard]] Usage usage_of(const std::vector<pid_t>& processes);
// What /proc/net/dev says that an interface has sent.
[[nodiscard]] std::uint64_t octets_sent(const std::string& table, const std::string& interface);

[[nodiscard]] Report settings_of(const CostWish& wish);
[[nodiscard]] Report measure_cost(const CostWish& wish, const Progress& progress);

}  // namespace vippy::lab
