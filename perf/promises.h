// The promises of docs/guarantees.md, measured on real kernels.
//
// Purpose: one instrument for the test and for vippy-promises: three daemons, a client, an event,
//          and what the client and the kernels noticed of it.
// Units:   seconds in Pace as in the configuration; Duration elsewhere.
// Errors:  Timeout when what must come does not, std::runtime_error for a refused order.
// Order:   one scenario at a time; each begins with all nodes well and ends with its event, run()
//          brings the nodes back before the next.
#pragma once

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "perf/address_log.h"
#include "perf/asker.h"
#include "perf/daemon_log.h"
#include "perf/stalls.h"
#include "tests/support/capture.h"
#include "tests/support/lab.h"

namespace vippy::lab {

struct Pace {
  double interval = 0.001;
  double stale = 0.003;
  double lease = 2;
  unsigned rate = 10'000;
  unsigned realtime = 0;  // the daemons' priority
};

enum class Scenario : std::uint8_t {
  clean_stop,
  preferred_returns,
  drain,
  undrain,
  reload_moves,
  reload_stays,
  kill_daemon,
  freeze_daemon,
  kill_both,
  cut_silently,
};
inline constexpr std::array kScenarios = {
    Scenario::clean_stop,   Scenario::preferred_returns, Scenario::drain,
    Scenario::undrain,      Scenario::reload_moves,      Scenario::reload_stays,
    Scenario::kill_daemon,  Scenario::freeze_daemon,     Scenario::kill_both,
    Scenario::cut_silently,
};
[[nodiscard]] const char* name_of(Scenario scenario);

// What one repetition may bring at most; absent: anything.
struct Goal {
  std::optional<std::uint64_t> lost;
  std::optional<Duration> gap;
  std::optional<Duration> median_gap;  // of many repetitions
  std::optional<Duration> two_running;
  std::optional<Duration> two;
  std::optional<Duration> off;
};
[[nodiscard]] Goal goal_of(Scenario scenario, const Pace& pace);

// A frame that tells the client who has the address.
struct Claim {
  Duration at{};
  unsigned node = 0;
  bool is_question = false;
};

struct Sample {
  Duration begun{};  // the event
  Duration ended{};
  Asked asked;
  HolderTimes held;
  std::optional<Duration> off;  // from the event until the old owner's kernel was rid of it
  std::vector<HolderChange> changes;
  std::vector<Claim> claims;
  std::vector<Stall> stalls;  // the longest first
  std::vector<DaemonLine> lines;

  [[nodiscard]] Duration longest_stall() const;
};
// Each goal that was missed, in words; empty: all kept.
[[nodiscard]] std::string misses(const Sample& sample, const Goal& goal);
// What happened, what was lost, stalls, what the daemons said: one line each, in order of time.
[[nodiscard]] std::string explain(const Sample& sample);

[[nodiscard]] LabShape shape_of(const Pace& pace);
// The lab's configuration with the keys of this pace.
[[nodiscard]] Json config_of(const Lab& lab, const Json& groups, const Pace& pace);
void follow_daemon(StallWatch& stalls, VippydProcess& daemon);

class Promises {
 public:
  explicit Promises(const Pace& pace);

  [[nodiscard]] Sample run(Scenario scenario);
  [[nodiscard]] Lab& lab() { return lab_; }

 private:
  static constexpr const char* kVip = "10.77.1.1";

  [[nodiscard]] Json groups() const;
  [[nodiscard]] VippydProcess& home() { return lab_.node(home_); }
  void start(unsigned n);
  void settle();
  void order(const std::string& what);
  void prepare(Scenario scenario);
  void act(Scenario scenario);
  void reload(unsigned home);
  void wait_end(Scenario scenario, const Asker& client);
  [[nodiscard]] bool is_gone_elsewhere() const;
  void restore(Scenario scenario);
  void note_down();
  [[nodiscard]] Sample collect(Asker& client, Duration begun);
  [[nodiscard]] std::vector<Claim> claims(Capture& heard, Duration since) const;

  Pace pace_;
  Lab lab_;
  StallWatch stalls_;
  std::optional<Echo> echo_;
  std::optional<AddressLog> log_;
  std::vector<core::Mac> macs_;
  std::vector<HolderChange> daemons_;  // that stopped to run, in this repetition
  unsigned home_ = 1;    // the preferred node
  unsigned holder_ = 1;  // when the event began
  std::uint64_t version_ = 1;
};

}  // namespace vippy::lab
