#include "perf/comparison.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "perf/statistics.h"
#include "perf/timeline.h"

namespace vippy::lab {

namespace {

Report or_null(const std::optional<Duration>& time) {
  return time ? Report(milliseconds(*time)) : Report(nullptr);
}

std::size_t count_true(const Report& samples, const char* key) {
  return static_cast<std::size_t>(std::count_if(
      samples.begin(), samples.end(), [&](const Report& one) { return one.value(key, false); }));
}

// One run of all repetitions: who takes part, and what was measured.
class Comparison {
 public:
  Comparison(const ComparisonWish& wish, const Progress& progress)
      : wish_(wish), progress_(progress), failover_(wish.field) {
    for (const auto& name : wish.daemons) admit(name);
  }

  Report run() {
    turns_ = wish_.repetitions * contenders_.size() * wish_.faults.size();
    for (unsigned i = 1; i <= wish_.repetitions; ++i) {
      for (const auto& contender : contenders_) take_turn(*contender, i);
    }
    return result();
  }

 private:
  struct Series {
    Report samples = Report::array();
    Report failures = Report::array();
  };

  void admit(const std::string& name) {
    auto contender = make_contender(failover_.lab(), name, wish_.roster);
    const auto version = contender->version();
    auto skipped = lacks_room(name, wish_.field.addresses, wish_.field.nodes);
    if (version.empty()) skipped = "not installed";
    daemons_.push_back({{"name", name}, {"version", version}, {"setting", contender->setting()},
                        {"skipped", skipped}});
    if (skipped.empty()) contenders_.push_back(std::move(contender));
  }

  void take_turn(Contender& contender, unsigned repetition) {
    bool is_running = false;
    const auto last = wish_.faults.back();
    for (const auto fault : wish_.faults) {
      const auto part = static_cast<double>(done_++) / static_cast<double>(turns_);
      progress_(std::to_string(repetition) + "/" + std::to_string(wish_.repetitions) + " " +
                    contender.name() + " " + name_of(fault), part);
      if (!contender.lacks(fault).empty()) continue;
      is_running = attempt(contender, fault, [&] {
        if (!is_running) failover_.begin(contender);
        series(contender, fault).samples.push_back(figures_of(failover_.run(fault)));
      });
    }
    if (is_running) (void)attempt(contender, last, [&] { failover_.end(); });
  }

  // False: something did not come, and the contender was swept away.
  template <typename Step>
  bool attempt(const Contender& contender, Fault fault, const Step& step) {
    try {
      step();
      return true;
    } catch (const std::runtime_error& problem) {  // a Timeout, or a process that is not there
      series(contender, fault).failures.push_back(problem.what());
      progress_(contender.name() + " " + name_of(fault) + ": " + problem.what(), -1);
      failover_.abandon();
      return false;
    }
  }

  Series& series(const Contender& contender, Fault fault) {
    return series_[{fault, contender.name()}];
  }

  Report result() {
    auto results = Report::array();
    for (const auto fault : wish_.faults) {
      for (const auto& contender : contenders_) {
        const auto& [samples, failures] = series(*contender, fault);
        Report one = {{"fault", name_of(fault)}, {"story", story_of(fault)},
                      {"daemon", contender->name()}, {"lacks", contender->lacks(fault)},
                      {"failures", failures}, {"two_stay", count_true(samples, "two_stay")},
                      {"summary", summaries_of(samples)}, {"samples", samples}};
        results.push_back(std::move(one));
      }
    }
    return {{"daemons", daemons_}, {"results", results}};
  }

  const ComparisonWish& wish_;
  const Progress& progress_;
  Failover failover_;
  std::vector<std::unique_ptr<Contender>> contenders_;
  Report daemons_ = Report::array();
  std::map<std::pair<Fault, std::string>, Series> series_;
  std::size_t turns_ = 0;
  std::size_t done_ = 0;
};

}  // namespace

const std::vector<Figure>& figures() {
  static const std::vector<Figure> all = {
      {"gap_ms", "client gap, ms"},
      {"lost", "requests lost"},
      {"address_ms", "last address in a new kernel, ms"},
      {"answered_ms", "last address answered, ms"},
      {"learnt_ms", "neighbours converged, ms"},
      {"two_ms", "two owners, ms"},
      {"none_ms", "no owner, ms"},
      {"off_ms", "off the old owner, ms"},
      {"stall_ms", "longest stall of the machine, ms"},
  };
  return all;
}

Report figures_of(const Sample& sample) {
  return {{"gap_ms", milliseconds(sample.asked.gap)},
          {"lost", sample.asked.lost.size()},
          {"address_ms", or_null(sample.added)},
          {"answered_ms", or_null(sample.answered)},
          {"learnt_ms", or_null(sample.learnt)},
          {"two_ms", milliseconds(sample.held.two)},
          {"none_ms", milliseconds(sample.held.none)},
          {"off_ms", or_null(sample.off)},
          {"stall_ms", milliseconds(sample.longest_stall())},
          {"stall_of", sample.stalls.empty() ? "" : sample.stalls.front().who},
          {"two_stay", sample.held.is_two_at_end}};
}

Report summaries_of(const Report& samples) {
  Report out = Report::object();
  for (const auto& figure : figures()) {
    std::vector<double> values;
    for (const auto& sample : samples) {
      if (sample.contains(figure.key) && sample[figure.key].is_number()) {
        values.push_back(sample[figure.key].get<double>());
      }
    }
    const auto summary = summary_of(std::move(values));
    if (!summary) {
      out[figure.key] = nullptr;
      continue;
    }
    out[figure.key] = {{"count", summary->count}, {"min", summary->min},
                       {"median", summary->median}, {"p95", summary->p95},
                       {"p99", summary->p99}, {"max", summary->max}};
  }
  return out;
}

Report compare(const ComparisonWish& wish, const Progress& progress) {
  return Comparison(wish, progress).run();
}

}  // namespace vippy::lab
