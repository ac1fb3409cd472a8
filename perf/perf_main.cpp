// vippy-perf: how fast addresses come back, and what that costs, beside what else there is. Nodes
// and a client on a switch in namespaces of its own; docs/performance.md says how to read it.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "perf/comparison.h"
#include "perf/cost.h"
#include "perf/html.h"
#include "perf/machine.h"
#include "perf/scale.h"
#include "perf/table.h"

namespace {

using namespace vippy::lab;

struct Wish {
  ComparisonWish failover;
  std::vector<std::string> faults;
  CostWish cost;
  ScaleWish scale;
  std::string recorded;
  std::string json;
  std::string html;
};

// One line that is written over on a terminal; a line for each step elsewhere.
void show_progress(const std::string& what, double part) {
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  const auto share = part < 0 ? std::string("!") : fmt::format("{:.0f} %", 100 * part);
  std::fprintf(stderr, is_terminal && part >= 0 ? "\r\033[K%5s  %s" : "%5s  %s\n", share.c_str(),
               what.c_str());
  std::fflush(stderr);
}

void end_progress() {
  if (::isatty(STDERR_FILENO) == 1) std::fputs("\r\033[K", stderr);
}

Report settings_of(const Wish& wish, const std::string& kind) {
  if (kind == "cost") return settings_of(wish.cost);
  if (kind == "scale") return settings_of(wish.scale);
  const auto& field = wish.failover.field;
  return {{"repetitions", wish.failover.repetitions}, {"nodes", field.nodes},
          {"addresses", field.addresses}, {"share", field.share},
          {"asked", std::min(addresses_of(field.addresses, field.share).held, field.asked_max)},
          {"rate", field.rate}, {"keys", keys_of(wish.failover.roster)}};
}

Report measure(const Wish& wish, const std::string& kind) {
  if (kind == "cost") return measure_cost(wish.cost, show_progress);
  if (kind == "scale") return measure_scale(wish.scale, show_progress);
  return compare(wish.failover, show_progress);
}

// Before hours are spent on what cannot be kept. What is there already stays until then.
void require_writable(const std::string& path) {
  if (path.empty()) return;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) {
    throw std::runtime_error("cannot write " + path + ": " + std::strerror(errno) +
                             "; nothing was measured, choose another file");
  }
  ::close(fd);
}

// A pace that vippyd refuses would be waited for in vain.
void require_pace(const RosterOptions& roster) {
  if (roster.stale > 0 && roster.stale < roster.interval) {
    throw std::runtime_error(fmt::format("--stale {} is less than --interval {}, which vippyd "
                                         "refuses", roster.stale, roster.interval));
  }
}

bool has_only_failures(const Report& report) {
  if (report.contains("runs")) {
    const auto& runs = report.at("runs");
    return !runs.empty() && std::all_of(runs.begin(), runs.end(), has_only_failures);
  }
  if (!report.contains("results") || report.at("results").empty()) return false;
  const auto& results = report.at("results");
  return std::all_of(results.begin(), results.end(), [](const Report& result) {
    return result.contains("failures") && !result.at("failures").empty() &&
           result.at("samples").empty();
  });
}

void write(const Wish& wish, const Report& report) {
  if (!wish.json.empty()) write_file(wish.json, report.dump(1) + "\n");
  if (!wish.html.empty()) write_file(wish.html, html_of(report));
}

// The world has its own /run: elsewhere a file is the caller's.
int run(Wish& wish, const std::string& kind, const std::vector<std::string>& words) {
  Report report = {{"kind", kind}, {"machine", describe_machine(words)},
                   {"settings", settings_of(wish, kind)}};
  require_writable(wish.json);
  require_writable(wish.html);
  if (::geteuid() != 0) {
    std::fputs("vippy-perf: not root: nobody gets real-time priority, and the figures are not "
               "those of an installation\n", stderr);
  }
  enter_world();
  report.update(measure(wish, kind));
  end_progress();
  std::fputs(table_of(report).c_str(), stdout);
  write(wish, report);
  return has_only_failures(report) ? 1 : 0;
}

int show_recorded(const Wish& wish) try {
  if (::access(wish.recorded.c_str(), R_OK) != 0) {
    throw std::runtime_error("cannot read " + wish.recorded + ": " + std::strerror(errno));
  }
  const auto report = Report::parse(read_file(wish.recorded));
  std::fputs(table_of(report).c_str(), stdout);
  write(wish, report);
  return 0;
} catch (const Report::exception& problem) {
  throw std::runtime_error(wish.recorded + " is not what --json wrote: " + problem.what());
}

// What several commands have in common.
void add_daemons(CLI::App& command, std::vector<std::string>& daemons, RosterOptions& roster) {
  command.add_option("--daemons", daemons, "who takes part, with commas between them")
      ->delimiter(',')->check(CLI::IsMember(roster_names()));
  command.add_option("--plumb", roster.plumb, "the key of vippyd: address or route")
      ->check(CLI::IsMember({"address", "route"}));
  command.add_option("--interval", roster.interval, "the key of vippyd, instead of the profile's")
      ->check(CLI::Range(0.001, 10.0))->default_str("");
  command.add_option("--stale", roster.stale, "the key of vippyd, instead of the profile's")
      ->check(CLI::Range(0.002, 60.0))->default_str("");
}

void add_repetitions(CLI::App& command, unsigned& repetitions) {
  command.add_option("--repetitions", repetitions, "of everything, the daemons by turns")
      ->check(CLI::Range(1U, 100'000U));
}

void add_seconds(CLI::App& command, double& seconds, const char* words) {
  command.add_option("--seconds", seconds, words)->check(CLI::Range(0.1, 3'600.0));
}

void add_share(CLI::App& command, double& share) {
  command.add_option("--share", share,
                     "of the addresses, at home on the node to which it happens; the others are "
                     "spread over the others, and stay")
      ->check(CLI::Range(0.001, 1.0));
}

void add_failover(CLI::App& app, Wish& wish) {
  auto& failover = wish.failover;
  auto* const command = app.add_subcommand("failover", "faults, for several daemons in turn");
  std::vector<std::string> names;
  for (const auto fault : kFaults) names.emplace_back(name_of(fault));
  failover.daemons = {"vippy-fast", "vippy-lan", "vippy-classic", "keepalived", "ucarp"};
  wish.faults = names;
  add_daemons(*command, failover.daemons, failover.roster);
  command->add_option("--faults", wish.faults, "what happens, with commas between them")
      ->delimiter(',')->check(CLI::IsMember(names));
  add_repetitions(*command, failover.repetitions);
  command->add_option("--rate", failover.field.rate, "requests a second, to all addresses together")
      ->check(CLI::Range(100U, 100'000U));
  command->add_option("--vips", failover.field.addresses, "number of addresses")
      ->check(CLI::Range(1, 10'000));
  add_share(*command, failover.field.share);
  command->add_option("--nodes", failover.field.nodes, "number of nodes")
      ->check(CLI::Range(2, 16));
}

void add_cost(CLI::App& app, Wish& wish) {
  auto& cost = wish.cost;
  auto* const command = app.add_subcommand("cost", "processor, wake-ups, octets, memory at rest");
  add_daemons(*command, cost.daemons, cost.roster);
  add_repetitions(*command, cost.repetitions);
  add_seconds(*command, cost.seconds, "of each measurement");
  command->add_option("--vips", cost.addresses, "number of addresses")
      ->check(CLI::Range(1, 10'000));
  command->add_option("--nodes", cost.nodes, "numbers of nodes, with commas between them")
      ->delimiter(',')->check(CLI::Range(2, 16));
}

void add_scale(CLI::App& app, Wish& wish) {
  auto& scale = wish.scale;
  auto* const command = app.add_subcommand("scale", "many addresses, many nodes");
  add_daemons(*command, scale.daemons, scale.roster);
  add_repetitions(*command, scale.repetitions);
  command->add_option("--vips", scale.addresses, "numbers of addresses")->delimiter(',')
      ->check(CLI::Range(1, 10'000));
  add_share(*command, scale.share);
  command->add_option("--nodes", scale.nodes, "numbers of nodes")->delimiter(',')
      ->check(CLI::Range(2, 16));
  command->add_option("--simulated", scale.simulated, "numbers of nodes in the simulator")
      ->delimiter(',')->check(CLI::Range(2, 256));
  add_seconds(*command, scale.seconds, "of each measurement of cost");
}

}  // namespace

int main(int argc, char** argv) {
  Wish wish;
  CLI::App app("Measures failover, in namespaces of its own, beside keepalived and ucarp where "
               "they are installed.");
  app.set_version_flag("--version", "vippy-perf " VIPPY_VERSION);
  app.require_subcommand(1);
  app.option_defaults()->always_capture_default();
  add_failover(app, wish);
  add_cost(app, wish);
  add_scale(app, wish);
  auto* const recorded = app.add_subcommand("report", "shows what was measured before");
  recorded->add_option("FILE", wish.recorded, "what --json wrote")->required();
  for (auto* command : app.get_subcommands({})) {
    command->add_option("--json", wish.json, "all figures, as a file");
    command->add_option("--html", wish.html, "a page with plots, as a file");
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : 2;
  }
  for (const auto& name : wish.faults) {
    if (const auto fault = fault_named(name)) wish.failover.faults.push_back(*fault);
  }
  try {
    const auto kind = app.get_subcommands().front()->get_name();
    if (kind == "report") return show_recorded(wish);
    for (const auto* roster : {&wish.failover.roster, &wish.cost.roster, &wish.scale.roster}) {
      require_pace(*roster);
    }
    return run(wish, kind, {argv, argv + argc});
  } catch (const std::exception& problem) {
    end_progress();
    std::fprintf(stderr, "vippy-perf: %s\n", problem.what());
    return 2;
  }
}
