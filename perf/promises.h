// The promises of docs/guarantees.md: what one fault may cost, and why it cost more.
//
// Purpose: judge what the instrument (failover.h) measured, for the test and for vippy-promises.
// Units:   seconds in Pace as in the configuration; Duration elsewhere.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "perf/failover.h"
#include "perf/vippy.h"

namespace vippy::lab {

struct Pace {
  double interval = 0.001;
  double stale = 0.003;
  double lease = 2;
  unsigned rate = 10'000;
  unsigned realtime = 0;  // the daemons' priority
};
// As keys of the configuration.
[[nodiscard]] Json pace_of(const Pace& pace);

// The faults about which something is promised.
inline constexpr std::array kPromised = {
    Fault::clean_stop,   Fault::preferred_returns, Fault::drain,
    Fault::undrain,      Fault::reload_moves,      Fault::reload_stays,
    Fault::kill_daemon,  Fault::freeze_daemon,     Fault::kill_both,
    Fault::cut_silently,
};

// What one repetition may bring at most; absent: anything.
struct Goal {
  std::optional<std::uint64_t> lost;
  std::optional<Duration> gap;
  std::optional<Duration> median_gap;  // of many repetitions
  std::optional<Duration> two_running;
  std::optional<Duration> two;
  std::optional<Duration> off;
};
[[nodiscard]] Goal goal_of(Fault fault, const Pace& pace);

// Each goal that was missed, in words; empty: all kept.
[[nodiscard]] std::string misses(const Sample& sample, const Goal& goal);
// What happened, what was lost, stalls, what the daemons said: one line each, in order of time.
[[nodiscard]] std::string explain(const Sample& sample);

// Three nodes and one address at this pace.
class Promises {
 public:
  explicit Promises(const Pace& pace)
      : failover_({.rate = pace.rate}), vippy_(failover_.lab(), "vippy", pace_of(pace)) {
    failover_.begin(vippy_);
  }

  [[nodiscard]] Sample run(Fault fault) { return failover_.run(fault); }
  [[nodiscard]] Lab& lab() { return failover_.lab(); }

 private:
  Failover failover_;
  Vippy vippy_;
};

}  // namespace vippy::lab
