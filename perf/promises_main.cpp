// vippy-promises: what the promises are worth on this machine. Three real vippyd on a switch in
// namespaces, a client with many requests a second; docs/testing.md says how to read it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "perf/flood.h"
#include "perf/soak.h"
#include "perf/statistics.h"
#include "perf/timeline.h"

namespace {

using namespace vippy::lab;
using namespace std::chrono_literals;

struct Wish {
  unsigned repetitions = 50;
  std::string scenario = "all";
  bool unbound = false;
  double interval_ms = 1;
  double stale_ms = 3;
  Pace pace;
  std::string json;
  double soak_minutes = 0;
  unsigned load = 0;
  unsigned flood = 0;
  bool is_verbose = false;
};

constexpr unsigned kWitness = 3;  // the node to which no scenario does anything

void tell(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

// ---- the table --------------------------------------------------------------------------------

struct Row {
  const char* what;
  double (*of)(const Sample&);
};
const std::vector<Row> kRows = {
    {"requests lost", [](const Sample& s) { return static_cast<double>(s.asked.lost.size()); }},
    {"client gap, ms", [](const Sample& s) { return milliseconds(s.asked.gap); }},
    {"two have it, ms", [](const Sample& s) { return milliseconds(s.held.two); }},
    {"  both daemons run, ms", [](const Sample& s) { return milliseconds(s.held.two_running); }},
    {"nobody has it, ms", [](const Sample& s) { return milliseconds(s.held.none); }},
    {"off the old owner, ms", [](const Sample& s) { return milliseconds(s.off.value_or(0ms)); }},
    {"longest stall, ms", [](const Sample& s) { return milliseconds(s.longest_stall()); }},
};

Summary summary_over(const Row& row, const std::vector<Sample>& samples) {
  std::vector<double> values;
  for (const auto& sample : samples) values.push_back(row.of(sample));
  return summary_of(std::move(values)).value_or(Summary{});
}

// How many kept their goal; of those that the machine did not disturb, too.
struct Count {
  std::size_t kept = 0;
  std::size_t undisturbed = 0;
  std::size_t undisturbed_kept = 0;
};

Json show(Fault scenario, const std::vector<Sample>& samples, const Count& count) {
  tell(fmt::format("\n{:<18} {:>3} of {} repetitions kept the goal; of {} without a stall longer "
                   "than stale / 2: {}\n", name_of(scenario), count.kept, samples.size(),
                   count.undisturbed, count.undisturbed_kept));
  tell(fmt::format("{:<26} {:>9} {:>9} {:>9} {:>9}\n", "", "min", "median", "p95", "max"));
  Json out = {{"scenario", name_of(scenario)}, {"repetitions", samples.size()},
              {"kept", count.kept}, {"undisturbed", count.undisturbed},
              {"undisturbed_kept", count.undisturbed_kept}};
  for (const auto& row : kRows) {
    const auto all = summary_over(row, samples);
    tell(fmt::format("  {:<24} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f}\n", row.what, all.min,
                     all.median, all.p95, all.max));
    out["figures"][row.what] = {{"min", all.min}, {"median", all.median}, {"p95", all.p95},
                                {"max", all.max}};
  }
  return out;
}

// ---- what can be asked for --------------------------------------------------------------------

Json run_scenario(Promises& promises, Fault scenario, const Wish& wish, bool& is_kept) {
  const auto goal = goal_of(scenario, wish.pace);
  std::vector<Sample> samples;
  const auto stall_max = std::chrono::duration<double>(wish.pace.stale / 2);
  Count count;
  Json outliers = Json::array();
  for (unsigned i = 1; i <= wish.repetitions; ++i) {
    samples.push_back(promises.run(scenario));
    const auto missed = misses(samples.back(), goal);
    const bool is_undisturbed = samples.back().longest_stall() <= stall_max;
    count.kept += missed.empty() ? 1 : 0;
    count.undisturbed += is_undisturbed ? 1 : 0;
    count.undisturbed_kept += is_undisturbed && missed.empty() ? 1 : 0;
    if (missed.empty() && !wish.is_verbose) continue;
    const auto why = explain(samples.back());
    tell(fmt::format("  {} {}: {}{}\n{}", name_of(scenario), i, missed,
                     is_undisturbed ? "  NOT DISTURBED" : "", why));
    outliers.push_back({{"repetition", i}, {"missed", missed}, {"explanation", why}});
  }
  auto out = show(scenario, samples, count);
  out["outliers"] = outliers;
  if (goal.median_gap) {
    std::vector<Duration> gaps;
    for (const auto& sample : samples) gaps.push_back(sample.asked.gap);
    std::sort(gaps.begin(), gaps.end());
    const auto median = gaps[gaps.size() / 2];
    is_kept = is_kept && median <= *goal.median_gap;
    tell(fmt::format("  median gap {:.1f} ms, at most {:.1f} ms\n", milliseconds(median),
                     milliseconds(*goal.median_gap)));
  }
  is_kept = is_kept && count.undisturbed_kept == count.undisturbed;
  return out;
}

Json show(const Fire& fire) {
  tell(fire.text() + "\n");
  return {{"sent_a_second", fire.a_second(fire.sent)},
          {"arrived_a_second", fire.a_second(fire.arrived())},
          {"read_a_second", fire.a_second(fire.read)},
          {"filtered_a_second", fire.a_second(fire.filtered)},
          {"lost_a_second", fire.a_second(fire.lost)},
          {"seconds", fire.seconds}};
}

bool run_scenarios(const Wish& wish, Json& report) {
  std::optional<Promises> promises;
  promises.emplace(wish.pace);
  std::optional<Flood> flood;
  if (wish.flood > 0) flood.emplace(promises->lab(), wish.flood, kWitness);
  bool is_kept = true;
  for (const auto scenario : kPromised) {
    if (wish.scenario != "all" && wish.scenario != name_of(scenario)) continue;
    try {
      report["scenarios"].push_back(run_scenario(*promises, scenario, wish, is_kept));
    } catch (const std::exception& problem) {
      tell(fmt::format("\n{}: {}\n{}", name_of(scenario), problem.what(), promises->lab().logs()));
      throw;
    }
  }
  if (flood) report["flood"] = show(flood->fire());
  return is_kept;
}

void tell_losses(const std::vector<Loss>& losses) {
  for (const auto& loss : losses) {
    std::string what;
    for (const auto& [vip, count] : loss.requests) {
      what += fmt::format("{}{} of {}", what.empty() ? "" : ", ", count, vip);
    }
    tell(fmt::format("  lost within {:.1f} ms: {}; {} answers refused by a kernel close by\n{}",
                     milliseconds(loss.last - loss.first), what, loss.refused, loss.story));
  }
}

bool run_soak(const Wish& wish, Json& report) {
  const auto time = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double, std::ratio<60>>(wish.soak_minutes));
  const auto soaked = soak({time, wish.load, wish.flood, wish.pace, !wish.unbound});
  Duration told{};
  for (const auto& one : soaked.take_overs) {
    // What happened at the same time has the same story.
    const bool is_same = one.line.at - told < 20ms && one.is_explained;
    if (!is_same) told = one.line.at;
    tell(fmt::format("  {}: {}{}\n{}", one.line.node, one.line.text,
                     one.is_explained ? "" : "  NOT EXPLAINED", is_same ? "" : one.story));
  }
  tell_losses(soaked.losses);
  const auto stale = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(wish.pace.stale));
  const auto late = soaked.late_by_themselves(stale);
  tell(fmt::format("{} requests, {} lost, longest gap {:.1f} ms; {} take-overs, {} of them not "
                   "explained, {} by a node that was late without having waited; {} stalls longer "
                   "than stale / 2, the longest {:.1f} ms ({})\n",
                   soaked.sent, soaked.lost, milliseconds(soaked.gap), soaked.take_overs.size(),
                   soaked.unexplained(), late, soaked.stalls,
                   milliseconds(soaked.longest_stall.length), soaked.longest_stall.who));
  report["soak"] = {{"sent", soaked.sent}, {"lost", soaked.lost},
                    {"gap_ms", milliseconds(soaked.gap)},
                    {"take_overs", soaked.take_overs.size()},
                    {"unexplained", soaked.unexplained()}, {"late_by_themselves", late},
                    {"stalls", soaked.stalls},
                    {"longest_stall_ms", milliseconds(soaked.longest_stall.length)},
                    {"longest_stall_of", soaked.longest_stall.who}};
  if (soaked.fire) report["flood"] = show(*soaked.fire);
  return soaked.unexplained() == 0;
}

// The world has its own /run: elsewhere a file is the caller's.
int run(const Wish& wish) {
  try {
    enter_world();
    Json report = {{"interval_ms", wish.interval_ms}, {"stale_ms", wish.stale_ms},
                   {"rate", wish.pace.rate}};
    bool is_kept = false;
    if (wish.soak_minutes > 0) {
      is_kept = run_soak(wish, report);
    } else {
      is_kept = run_scenarios(wish, report);
    }
    if (!wish.json.empty()) write_file(wish.json, report.dump(1) + "\n");
    return is_kept ? 0 : 1;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "vippy-promises: %s\n", problem.what());
    return 2;
  }
}

}  // namespace

int main(int argc, char** argv) {
  Wish wish;
  CLI::App app("Measures what vippy promises, on real kernels in namespaces of its own. Ends with "
               "0 when all goals were kept, with 1 when some were missed.");
  app.set_version_flag("--version", "vippy-promises " VIPPY_VERSION);
  app.option_defaults()->always_capture_default();
  std::vector<std::string> names = {"all"};
  for (const auto scenario : kPromised) names.emplace_back(name_of(scenario));
  app.add_option("--repetitions", wish.repetitions, "of each scenario")
      ->check(CLI::Range(1U, 100'000U));
  app.add_option("--scenario", wish.scenario, "what happens; all: each of them")
      ->check(CLI::IsMember(names));
  const std::map<std::string, double> units = {{"ms", 1}, {"s", 1'000}};
  const auto times = CLI::Range(1.0, 60'000.0, "at least 1ms");
  app.add_option("--interval", wish.interval_ms, "e.g. 1ms")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE))
      ->check(times);
  app.add_option("--stale", wish.stale_ms, "e.g. 3ms")
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::CASE_SENSITIVE))
      ->check(times);
  app.add_option("--rate", wish.pace.rate, "requests a second")->check(CLI::Range(1U, 100'000U));
  app.add_option("--realtime", wish.pace.realtime, "the daemons' priority");
  app.add_option("--json", wish.json, "all figures, as a file");
  app.add_flag("--verbose", wish.is_verbose, "explains every repetition");
  app.add_option("--soak", wish.soak_minutes, "minutes in which nothing happens, instead");
  app.add_flag("--unbound", wish.unbound,
               "the soak's nodes run on any processor; else each has one, as a machine would");
  app.add_option("--load", wish.load, "busy processes beside it");
  app.add_option("--flood", wish.flood, "bad datagrams a second on the chat beside it")
      ->check(CLI::Range(0U, 1'000'000U));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  if (wish.stale_ms < wish.interval_ms) {
    std::fputs("vippy-promises: --stale is less than --interval, which vippyd refuses\n", stderr);
    return 2;
  }
  wish.pace.interval = wish.interval_ms / 1'000;
  wish.pace.stale = wish.stale_ms / 1'000;
  return run(wish);
}
