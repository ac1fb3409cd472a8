// Many repetitions in a few numbers.
//
// Purpose: what tables and plots say of a series of measurements.
// Units:   those of the values.
// Source:  percentiles by nearest rank: always a value that was measured.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace vippy::lab {

struct Summary {
  std::size_t count = 0;
  double min = 0;
  double median = 0;
  double p95 = 0;
  double p99 = 0;
  double max = 0;
};

// Nullopt: no values.
[[nodiscard]] std::optional<Summary> summary_of(std::vector<double> values);

// What all threads of this process have used so far, and what this one has.
[[nodiscard]] double processor_seconds();
[[nodiscard]] double thread_seconds();

}  // namespace vippy::lab
