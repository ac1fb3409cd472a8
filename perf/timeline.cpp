#include "perf/timeline.h"

#include <fmt/format.h>

#include <algorithm>

namespace vippy::lab {

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string Timeline::text(Duration about) const {
  auto entries = entries_;
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& left, const auto& right) { return left.at < right.at; });
  std::string out;
  for (const auto& entry : entries) {
    out += fmt::format("      {:+9.2f} ms  {}\n", milliseconds(entry.at - about), entry.text);
  }
  return out;
}

}  // namespace vippy::lab
