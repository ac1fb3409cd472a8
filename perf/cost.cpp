#include "perf/cost.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "perf/statistics.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr const char* kRoles[] = {"owner", "other"};
constexpr const char* kFigures[] = {"processor_percent", "interval_us", "wakeups", "octets",
                                    "pss_kib"};

std::uint64_t number_after(const std::string& text, const std::string& name) {
  const auto at = text.find(name);
  return at == std::string::npos ? 0
                                 : std::strtoull(text.c_str() + at + name.size(), nullptr, 10);
}

Usage usage_on(const Contender& contender, Lab& lab, unsigned node) {
  auto out = usage_of(contender.processes(node));
  lab.space(node).in([&] {
    out.octets = octets_sent(read_file("/proc/thread-self/net/dev"), "eth0");
  });
  return out;
}

Report difference(const Usage& before, const Usage& now, double seconds, double interval) {
  const auto ran = std::chrono::duration<double>(now.ran - before.ran).count();
  Report out = {{"processor_percent", 100 * ran / seconds}, {"interval_us", nullptr},
                {"wakeups", static_cast<double>(now.wakeups - before.wakeups) / seconds},
                {"octets", static_cast<double>(now.octets - before.octets) / seconds},
                {"pss_kib", now.pss_kib}};
  if (interval > 0) out["interval_us"] = 1e6 * ran / seconds * interval;
  return out;
}

// The node that has the addresses, and one that stands by as all others do.
std::map<std::string, Report> measure(const Contender& contender, Lab& lab, Duration time) {
  const std::map<std::string, unsigned> nodes = {{kRoles[0], 1}, {kRoles[1], lab.nodes()}};
  std::map<std::string, Usage> before;
  for (const auto& [role, node] : nodes) before[role] = usage_on(contender, lab, node);
  const auto begun = wall_clock();
  wait_until("the end", [&] { return wall_clock() >= begun + time; }, time + 10s);
  const auto seconds = std::chrono::duration<double>(wall_clock() - begun).count();
  std::map<std::string, Report> out;
  for (const auto& [role, node] : nodes) {
    out[role] = difference(before[role], usage_on(contender, lab, node), seconds,
                           contender.interval());
  }
  return out;
}

Report summaries(const Report& samples) {
  Report out = Report::object();
  for (const auto* key : kFigures) {
    std::vector<double> values;
    for (const auto& sample : samples) {
      if (sample[key].is_number()) values.push_back(sample[key].get<double>());
    }
    const auto summary = summary_of(std::move(values));
    out[key] = summary ? Report{{"min", summary->min}, {"median", summary->median},
                                {"max", summary->max}}
                       : Report(nullptr);
  }
  return out;
}

struct Run {
  const CostWish& wish;
  const Progress& progress;
  std::size_t done = 0;

  void say(const std::string& what) {
    const auto all = wish.repetitions * wish.daemons.size() * wish.nodes.size();
    progress(what, static_cast<double>(done++) / static_cast<double>(all));
  }

  // All daemons on so many nodes.
  Report run(unsigned nodes, Report& daemons) {
    Failover failover({.nodes = nodes, .addresses = wish.addresses});
    std::map<std::pair<std::string, std::string>, Report> samples;  // of a daemon in a role
    std::vector<std::pair<std::string, std::unique_ptr<Contender>>> contenders;
    daemons = Report::array();
    for (const auto& name : wish.daemons) {
      auto contender = make_contender(failover.lab(), name, wish.roster);
      auto skipped = lacks_room(name, wish.addresses, nodes);
      if (contender->version().empty()) skipped = "not installed";
      daemons.push_back({{"name", name}, {"version", contender->version()},
                         {"setting", contender->setting()}, {"skipped", skipped}});
      if (skipped.empty()) contenders.emplace_back(name, std::move(contender));
    }
    const auto time = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double>(wish.seconds));
    for (unsigned i = 1; i <= wish.repetitions; ++i) {
      for (const auto& [name, contender] : contenders) {
        say(std::to_string(i) + "/" + std::to_string(wish.repetitions) + " " + name + ", " +
            std::to_string(nodes) + " nodes");
        failover.begin(*contender);
        failover.settle();
        for (auto& [role, sample] : measure(*contender, failover.lab(), time)) {
          samples[{name, role}].push_back(std::move(sample));
        }
        failover.end();
      }
    }
    auto results = Report::array();
    for (const auto& [name, contender] : contenders) {
      for (const auto* role : kRoles) {
        const auto& all = samples[{name, role}];
        results.push_back({{"daemon", name}, {"role", role}, {"nodes", nodes},
                           {"summary", summaries(all)}, {"samples", all}});
      }
    }
    return results;
  }
};

}  // namespace

Usage usage_of(const std::vector<pid_t>& processes) {
  Usage out;
  for (const auto process : processes) {
    const auto folder = "/proc/" + std::to_string(process);
    for (const auto thread : threads_of(process)) {
      const auto task = folder + "/task/" + std::to_string(thread);
      out.ran += Duration(std::strtoll(read_file(task + "/schedstat").c_str(), nullptr, 10));
      out.wakeups += number_after(read_file(task + "/status"), "\nvoluntary_ctxt_switches:");
    }
    out.pss_kib += number_after(read_file(folder + "/smaps_rollup"), "\nPss:");
  }
  return out;
}

std::uint64_t octets_sent(const std::string& table, const std::string& interface) {
  std::istringstream lines(table);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    const auto begin = line.find_first_not_of(' ');
    if (colon == std::string::npos || line.substr(begin, colon - begin) != interface) continue;
    std::istringstream fields(line.substr(colon + 1));
    std::uint64_t field = 0;
    for (int i = 0; i < 9; ++i) fields >> field;  // eight of what was received
    return field;
  }
  return 0;
}

Report settings_of(const CostWish& wish) {
  return {{"repetitions", wish.repetitions}, {"seconds", wish.seconds},
          {"addresses", wish.addresses}, {"nodes", wish.nodes}, {"keys", keys_of(wish.roster)}};
}

Report measure_cost(const CostWish& wish, const Progress& progress) {
  Run run{wish, progress};
  Report daemons;
  auto results = Report::array();
  for (const auto nodes : wish.nodes) {
    for (auto& result : run.run(nodes, daemons)) results.push_back(std::move(result));
  }
  return {{"daemons", daemons}, {"results", results}};
}

}  // namespace vippy::lab
