// One story: a cluster, faults, and what the checkers say about it.
//
// Purpose: two acts. Safety: anything may fail, nothing may be wrong. Liveness: a set of faults
//          stops (some nodes may stay dead), and the cluster must come right in a bound.
// Purity:  all from the seed.
// Bounds:  lengths are multiples of the seed's interval, so that 1 ms costs what 100 ms costs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sim/jury.h"

namespace vippy::sim {

enum class Act : std::uint8_t { safety, liveness };

[[nodiscard]] std::string_view name(Act act);

struct StoryResult {
  std::vector<Violation> violations;
  std::string trace;
  std::vector<std::string> decisions;
  std::vector<TakeOver> take_overs;  // losses while nothing else was wrong
  Duration interval{};
  double simulated_seconds = 0;
};

// The protocol that the daemons of all stories speak.
inline constexpr core::Protocol kStoryProtocol = core::Protocol::v2;

// With intruders (in one story of four) it is told twice: the second time without them.
[[nodiscard]] StoryResult tell(std::uint64_t seed, Act act);

// The last `lines` lines.
[[nodiscard]] std::string tail(const std::string& trace, std::size_t lines);

}  // namespace vippy::sim
