// Three nodes for a long time in which nothing happens, idle or beside busy processes.
//
// Purpose: every take-over with its reason: who was late, for how long, and whose fault that was.
// Units:   minutes in the request; Duration of the wall clock.
// Errors:  Timeout when the cluster does not come up.
// Order:   construct, run() once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "perf/flood.h"
#include "perf/promises.h"

namespace vippy::lab {

struct SoakWish {
  Duration time{};
  unsigned busy = 0;   // processes that do nothing but compute
  unsigned flood = 0;  // bad datagrams a second
  Pace pace;
  bool is_bound = true;  // each node to a processor, as to a machine of its own
};

struct TakeOver {
  DaemonLine line;
  Duration longest_stall{};  // measured close by
  std::string story;
  // A node did not keep its pace: it said so, or was seen to wait for a processor.
  bool is_explained = false;
};

// Requests that were lost close to each other.
struct Loss {
  Duration first{};  // when they were sent
  Duration last{};
  std::map<std::string, std::uint64_t> requests;  // by address
  std::uint64_t refused = 0;  // answers that a node's kernel did not take, close by
  std::string story;
};

struct Soaked {
  std::uint64_t sent = 0;
  std::uint64_t lost = 0;
  Duration gap{};
  std::vector<TakeOver> take_overs;
  std::vector<Loss> losses;
  std::optional<Fire> fire;  // when there was a flood
  std::uint64_t stalls = 0;  // longer than half of stale
  Stall longest_stall;

  [[nodiscard]] std::uint64_t unexplained() const;
  // A node said that it was late, and nobody was seen to wait: was it its own work?
  [[nodiscard]] std::uint64_t late_by_themselves(Duration stale) const;
};

[[nodiscard]] Soaked soak(const SoakWish& wish);

}  // namespace vippy::lab
