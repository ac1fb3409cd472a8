#include "perf/promises.h"

#include <fmt/format.h>

#include <algorithm>

#include "perf/timeline.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr double kMature = 0.05;
constexpr std::size_t kStallsSaid = 4;
constexpr std::size_t kLinesSaid = 10;

Duration seconds(double value) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value));
}

}  // namespace

Json pace_of(const Pace& pace) {
  Json out = {{"interval", pace.interval}, {"stale", pace.stale}, {"mature", kMature},
              {"lease", pace.lease}};
  if (pace.realtime > 0) out["realtime"] = pace.realtime;
  return out;
}

Goal goal_of(Fault fault, const Pace& pace) {
  const auto interval = seconds(pace.interval);
  const auto stale = seconds(pace.stale);
  Goal goal;
  switch (fault) {
    case Fault::clean_stop:
    case Fault::preferred_returns:
    case Fault::drain:
    case Fault::undrain:
    case Fault::reload_moves:
      goal.lost = 0;
      goal.two_running = 2 * interval + 5ms;
      break;
    case Fault::reload_stays:
      goal.lost = 0;
      goal.two = Duration::zero();
      break;
    case Fault::kill_daemon:
      goal.lost = 0;
      goal.two = 5ms;
      break;
    case Fault::freeze_daemon:
      goal.off = stale + 5ms;
      goal.gap = stale + 7ms;
      break;
    case Fault::kill_both: goal.off = seconds(pace.lease) + 1s; break;
    case Fault::cut_silently: goal.median_gap = stale + interval + 2ms; break;
    case Fault::graduation:
    case Fault::link_down:
    case Fault::node_lost: break;  // nothing is promised yet
  }
  return goal;
}

std::string misses(const Sample& sample, const Goal& goal) {
  std::string out;
  const auto judge = [&](const char* what, const auto& wanted, Duration found) {
    if (!wanted || found <= *wanted) return;
    out += fmt::format("{}{} {:.1f} ms, at most {:.1f} ms", out.empty() ? "" : ", ", what,
                       milliseconds(found), milliseconds(*wanted));
  };
  if (goal.lost && sample.asked.lost.size() > *goal.lost) {
    out = fmt::format("{} lost, at most {}", sample.asked.lost.size(), *goal.lost);
  }
  judge("gap", goal.gap, sample.asked.gap);
  judge("two owners", goal.two, sample.held.two);
  judge("two running owners", goal.two_running, sample.held.two_running);
  if (goal.off && !sample.off) out += out.empty() ? "never off" : ", never off";
  judge("off after", goal.off, sample.off.value_or(Duration::zero()));
  return out;
}

std::string explain(const Sample& sample) {
  Timeline out;
  for (const auto& change : sample.changes) {
    const auto* what = change.is_there ? "has it" : "is rid of it";
    out.add(change.at, fmt::format("n{} {}", change.node, what));
  }
  for (const auto& claim : sample.claims) {
    const auto* form = claim.is_question ? "request" : "reply";
    out.add(claim.at, fmt::format("n{} tells the client, by a {}", claim.node, form));
  }
  if (const auto& lost = sample.asked.lost; !lost.empty()) {
    out.add(lost.front().at, fmt::format("first of {} lost requests", lost.size()));
    out.add(lost.back().at, "last lost request");
  }
  out.add(sample.asked.gap_at,
          fmt::format("end of the longest gap, {:.1f} ms", milliseconds(sample.asked.gap)));
  for (std::size_t i = 0; i < std::min(kStallsSaid, sample.stalls.size()); ++i) {
    out.add(sample.stalls[i].at, text_of(sample.stalls[i]));
  }
  std::size_t said = 0;
  for (const auto& line : sample.lines) {
    if (!is_about_lateness(line.text) && !is_move(line.text)) continue;
    if (said++ == kLinesSaid) break;
    out.add(line.at, line.node + ": " + line.text);
  }
  return out.text(sample.begun);
}

}  // namespace vippy::lab
