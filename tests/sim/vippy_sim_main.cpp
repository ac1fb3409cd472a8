// vippy-sim: run seeds of the simulator from the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>

#include "tests/sim/chaos.h"

namespace {

struct Range {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
};

Range parse_range(const std::string& text) {
  const auto dots = text.find("..");
  if (dots == std::string::npos) return {std::stoull(text), std::stoull(text)};
  return {std::stoull(text.substr(0, dots)), std::stoull(text.substr(dots + 2))};
}

double processor_seconds() {
  timespec spent{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

int run(const Range& range, bool trace) {
  std::uint64_t failed = 0;
  double simulated = 0;
  for (auto seed = range.first; seed <= range.last; ++seed) {
    const auto result = vippy::sim::run_chaos(seed);
    simulated += result.simulated_seconds;
    if (trace) fmt::print("{}", result.trace);
    if (result.violations.empty()) continue;
    ++failed;
    fmt::print("seed {}: {}\n", seed, fmt::join(result.violations, "; "));
    fmt::print("  follow it: vippy-sim --seeds {} --trace\n", seed);
  }
  fmt::print("{} seeds, {} failed, {:.0f} s simulated, {:.0f} times processor time\n",
             range.last - range.first + 1, failed, simulated, simulated / processor_seconds());
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"vippy-sim: a simulated cluster, one story for each seed"};
  std::string seeds = "1..100";
  bool trace = false;
  app.add_option("--seeds", seeds, "a seed, or FIRST..LAST")->capture_default_str();
  app.add_flag("--trace", trace, "print what happened, with virtual milliseconds");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(parse_range(seeds), trace);
  } catch (const std::exception&) {
    fmt::print(stderr, "vippy-sim: --seeds wants a number or FIRST..LAST, found \"{}\"\n", seeds);
    return 2;
  }
}
