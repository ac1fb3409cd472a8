#include "perf/statistics.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace vippy::lab {

std::optional<Summary> summary_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  const auto at = [&](double part) {
    const auto rank = static_cast<std::size_t>(std::ceil(part * count));
    return values[std::max<std::size_t>(rank, 1) - 1];
  };
  return Summary{values.size(), values.front(), at(0.5), at(0.95), at(0.99), values.back()};
}

double processor_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace vippy::lab
