// vippy-sim: run seeds of the simulator, or a script, from the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "perf/statistics.h"
#include "tests/sim/script.h"
#include "tests/sim/story.h"

namespace {

using vippy::sim::Act;

constexpr std::size_t kTailLines = 40;

struct Range {
  std::uint64_t first = 1;
  std::uint64_t last = 100;
};

Range parse_range(const std::string& text) {
  const auto dots = text.find("..");
  if (dots == std::string::npos) return {std::stoull(text), std::stoull(text)};
  return {std::stoull(text.substr(0, dots)), std::stoull(text.substr(dots + 2))};
}

double milliseconds(vippy::core::Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// What came of the stories of one interval: how fast they were, and take-overs by their cause.
struct Figures {
  double simulated = 0;  // [s]
  double spent = 0;      // [s]
  std::map<std::string, std::vector<double>> take_overs;  // [ms]

  [[nodiscard]] double times_real_time() const { return simulated / spent; }
};
using AllFigures = std::map<vippy::core::Duration, Figures>;

struct Wish {
  Range range;
  std::vector<Act> acts;
  bool trace = false;
  std::string figures;  // the path of a file; empty: none
  unsigned jobs = 1;

  [[nodiscard]] std::uint64_t stories() const {
    return range.last < range.first ? 0 : (range.last - range.first + 1) * acts.size();
  }
};

// What came of one story; true when nothing was wrong.
bool take(const vippy::sim::StoryResult& result, double spent, std::uint64_t seed, Act act,
          bool trace, AllFigures& all) {
  auto& figures = all[result.interval];
  figures.simulated += result.simulated_seconds;
  figures.spent += spent;
  for (const auto& one : result.take_overs) {
    figures.take_overs[std::string(name(one.cause))].push_back(milliseconds(one.took));
  }
  if (trace) fmt::print("{}", result.trace);
  if (result.violations.empty()) return true;
  for (const auto& it : result.violations) {
    fmt::print("seed {}, act {}, checker {}: {}\n", seed, name(act), it.checker, it.text);
  }
  if (!trace) fmt::print("the end of the story:\n{}", vippy::sim::tail(result.trace, kTailLines));
  fmt::print("all of it: vippy-sim --seeds {} --act {} --trace\n", seed, name(act));
  return false;
}

nlohmann::ordered_json document_of(const AllFigures& all) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& [interval, figures] : all) {
    auto take_overs = nlohmann::ordered_json::object();
    for (const auto& [cause, times] : figures.take_overs) {
      const auto summary = vippy::lab::summary_of(times).value();
      take_overs[cause] = {{"count", summary.count},
                           {"median_ms", summary.median},
                           {"worst_ms", summary.max}};
    }
    out.push_back({{"interval_ms", milliseconds(interval)},
                   {"simulated_s", figures.simulated},
                   {"times_real_time", figures.times_real_time()},
                   {"take_overs", take_overs}});
  }
  return out;
}

void print(vippy::core::Duration interval, const Figures& figures) {
  fmt::print("interval {} ms: {:.0f} s simulated in {:.1f} s, {:.0f} times real time\n",
             milliseconds(interval), figures.simulated, figures.spent, figures.times_real_time());
  for (const auto& [cause, times] : figures.take_overs) {
    const auto summary = vippy::lab::summary_of(times).value();
    fmt::print("  take-over after a {}: median {:.2f} ms, worst {:.2f} ms, {} addresses\n", cause,
               summary.median, summary.max, summary.count);
  }
}

// Several threads tell the stories; what is wrong with one is printed whole.
std::uint64_t tell_all(const Wish& wish, AllFigures& all) {
  std::atomic<std::uint64_t> next = 0;
  std::mutex mutex;
  std::uint64_t failed = 0;
  const auto work = [&] {
    for (std::uint64_t at = 0; (at = next++) < wish.stories();) {
      const auto seed = wish.range.first + at / wish.acts.size();
      const auto act = wish.acts[at % wish.acts.size()];
      const auto before = vippy::lab::thread_seconds();
      const auto result = vippy::sim::tell(seed, act);
      const auto spent = vippy::lab::thread_seconds() - before;
      const std::scoped_lock lock(mutex);
      failed += take(result, spent, seed, act, wish.trace, all) ? 0 : 1;
    }
  };
  std::vector<std::thread> others;
  for (unsigned i = 1; i < wish.jobs; ++i) others.emplace_back(work);
  work();
  for (auto& other : others) other.join();
  return failed;
}

bool write_figures(const Wish& wish, const AllFigures& all, double times_real_time,
                   std::uint64_t failed) {
  std::ofstream file(wish.figures);
  file << nlohmann::ordered_json{{"stories", wish.stories()},
                                 {"failed", failed},
                                 {"times_real_time", times_real_time},
                                 {"intervals", document_of(all)}}
       << '\n';
  return static_cast<bool>(file.flush());
}

int run(const Wish& wish) {
  AllFigures all;
  const auto begun = std::chrono::steady_clock::now();
  const auto failed = tell_all(wish, all);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  Figures sum;
  for (const auto& [interval, figures] : all) {
    sum.simulated += figures.simulated;
    sum.spent += figures.spent;
    print(interval, figures);
  }
  fmt::print("{} stories, {} failed, {:.0f} s simulated in {:.1f} s, {:.0f} times real time; "
             "{:.0f} times on each of {} processors\n",
             wish.stories(), failed, sum.simulated, took.count(), sum.simulated / took.count(),
             sum.times_real_time(), wish.jobs);
  if (!wish.figures.empty() && !write_figures(wish, all, sum.times_real_time(), failed)) {
    fmt::print(stderr, "vippy-sim: {} could not be written\n", wish.figures);
    return 2;
  }
  return failed == 0 ? 0 : 1;
}

std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

int complain(const std::string& path, const vippy::sim::ScriptError& error) {
  fmt::print(stderr, "{}:{}: {}\n", path, error.line, error.text);
  return 2;
}

// Prints the story, or with `bless` writes it beside the script as what is expected from now on.
int run_scenario(const std::string& path, bool trace, bool bless) {
  const auto script = vippy::sim::parse_script(read(path));
  if (!script) return complain(path, script.error());
  const auto result = vippy::sim::run_script(*script);
  if (!result) return complain(path, result.error());
  if (bless) {
    std::ofstream(std::filesystem::path(path).replace_extension(".expected")) << result->story;
  } else {
    fmt::print("{}", trace ? result->trace : result->story);
  }
  return result->failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"vippy-sim: a simulated cluster, one story for each seed"};
  std::string seeds = "1..100";
  std::string act = "both";
  Wish wish;
  app.add_option("--seeds", seeds, "a seed, or FIRST..LAST")->capture_default_str();
  app.add_option("--act", act, "safety (anything fails, nothing may be wrong), liveness (faults "
                               "stop, all must come right) or both")
      ->check(CLI::IsMember({"safety", "liveness", "both"}))
      ->capture_default_str();
  app.add_flag("--trace", wish.trace, "print what happened, with virtual milliseconds");
  wish.jobs = std::max(1U, std::thread::hardware_concurrency());
  app.add_option("--jobs", wish.jobs, "stories at a time")
      ->check(CLI::Range(1U, 1'024U))
      ->capture_default_str();
  app.add_option("--figures", wish.figures,
                 "write speed (of one processor) and take-over times to this file, as JSON");
  std::string scenario;
  bool bless = false;
  app.add_option("--scenario", scenario, "a script instead of seeds")->check(CLI::ExistingFile);
  app.add_flag("--bless", bless, "write the story of the script beside it as the expected one");
  CLI11_PARSE(app, argc, argv);
  if (!scenario.empty()) return run_scenario(scenario, wish.trace, bless);
  if (act != "liveness") wish.acts.push_back(Act::safety);
  if (act != "safety") wish.acts.push_back(Act::liveness);
  try {
    wish.range = parse_range(seeds);
  } catch (const std::exception&) {
    fmt::print(stderr, "vippy-sim: --seeds wants a number or FIRST..LAST, found \"{}\"\n", seeds);
    return 2;
  }
  return run(wish);
}
