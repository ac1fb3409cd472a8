// The same faults for several daemons in turn, and what came of it as JSON.
//
// Purpose: `vippy-perf failover` and `vippy-perf scale`.
// Units:   milliseconds in the JSON; its form is in docs/performance.md.
// Errors:  a repetition in which something did not come is counted and explained, and the run goes
//          on; a daemon that is not installed is named as skipped.
// Order:   within a run the daemons take turns, repetition by repetition: what the machine does
//          besides hits them alike.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "perf/failover.h"
#include "perf/roster.h"

namespace vippy::lab {

using Report = nlohmann::ordered_json;

struct ComparisonWish {
  std::vector<std::string> daemons;
  std::vector<Fault> faults;
  unsigned repetitions = 10;
  Field field;
  RosterOptions roster;
};

// What is done now, and how much of everything is done, from 0 to 1.
using Progress = std::function<void(const std::string& what, double part)>;

struct Figure {
  const char* key;    // in the JSON
  const char* title;  // for people
};
// All of them in the order in which they are shown.
[[nodiscard]] const std::vector<Figure>& figures();
[[nodiscard]] Report figures_of(const Sample& sample);
// The summaries of all figures of many samples; a figure that no sample has is null.
[[nodiscard]] Report summaries_of(const Report& samples);

// "daemons": what they are and why some were skipped; "results": one for each fault and daemon.
[[nodiscard]] Report compare(const ComparisonWish& wish, const Progress& progress);

}  // namespace vippy::lab
