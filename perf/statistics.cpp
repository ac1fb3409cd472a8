#include "perf/statistics.h"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace vippy::lab {

namespace {

double seconds_of(clockid_t clock) {
  timespec spent{};
  clock_gettime(clock, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

}  // namespace

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

double processor_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

double thread_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

}  // namespace vippy::lab
