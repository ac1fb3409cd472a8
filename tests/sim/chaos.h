// One run of chaos: faults of every kind for a while, then peace, then the checkers.
//
// Purpose: anything may fail in the first act; after it everything must come right in a bound.
// Purity:  all from the seed.
// Bounds:  kChaosFor of faults; the cluster has kPeaceFor to settle.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace vippy::sim {

struct ChaosResult {
  std::vector<std::string> violations;
  std::string trace;
  double simulated_seconds = 0;
};

[[nodiscard]] ChaosResult run_chaos(std::uint64_t seed);

}  // namespace vippy::sim
