#include "perf/soak.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <thread>

#include "perf/address_log.h"
#include "perf/timeline.h"
#include "platform/os_error.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

const std::vector<std::string> kVips = {"10.77.1.1", "10.77.1.2", "10.77.1.3"};
constexpr Duration kChapter = 5s;
constexpr Duration kPatience = 1s;  // for what is not answered at the end of a chapter
// What a node said, and what was measured, so long before a take-over may be its reason.
constexpr Duration kReach = 60ms;
constexpr std::size_t kStallsSaid = 3;
// Requests that were lost so close to each other were lost to the same event.
constexpr Duration kMoment = 20ms;

// Each address prefers its own node.
class Idle {
 public:
  explicit Idle(const Pace& pace) : lab_({.nodes = 3}), echo_(lab_.echo()) {
    auto groups = Json::array();
    for (unsigned n = 1; n <= 3; ++n) {
      groups.push_back(group_at("n" + std::to_string(n), {kVips[n - 1] + "/16"}));
    }
    auto config = lab_.config(groups);
    config.update(pace_of(pace));
    lab_.start(config);
    for (unsigned n = 1; n <= 3; ++n) {
      lab_.wait_held(kVips[n - 1], {n});
      lab_.wait_owned(kVips[n - 1], "n" + std::to_string(n));
    }
  }
  [[nodiscard]] Lab& lab() { return lab_; }
  [[nodiscard]] Echo& echo() { return echo_; }

 private:
  Lab lab_;
  Echo echo_;
};

// A node has a processor, as a machine of its own would: when it stands still, then daemon, guard
// and service of the node do, and what is on the other processors runs on.
void settle_down(Idle& idle, unsigned node) {
  const auto processor = (node - 1) % std::max(1U, std::thread::hardware_concurrency());
  cpu_set_t only;
  CPU_ZERO(&only);
  CPU_SET(processor, &only);
  const auto daemon = idle.lab().node(node).pid();
  for (const auto process : {daemon, child_of(daemon)}) {
    for (const auto task : threads_of(process)) ::sched_setaffinity(task, sizeof only, &only);
  }
  idle.echo().pin(node, processor);
}

class Busy {
 public:
  explicit Busy(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const auto process = ::fork();
      if (process == 0) compute();
      if (process > 0) processes_.push_back(process);
    }
  }
  ~Busy() {
    for (const auto process : processes_) {
      ::kill(process, SIGKILL);
      (void)wait_for_end(process);
    }
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  [[noreturn]] static void compute() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (volatile std::uint64_t number = 0;;) number = number + 1;
  }
  std::vector<pid_t> processes_;
};

TakeOver explain_move(const DaemonLine& move, const std::vector<DaemonLine>& lines,
                      const StallWatch& stalls, Duration stale) {
  TakeOver out{move, {}, {}, false};
  Timeline story;
  for (const auto& line : lines) {
    if (line.at < move.at - kReach || line.at > move.at + kReach) continue;
    if (!is_about_lateness(line.text)) continue;
    story.add(line.at, line.node + ": " + line.text);
    // Whoever says that it was late itself has explained everything; "lost" is what is explained.
    const bool is_own = contains(line.text, "this node itself") || contains(line.text, "hung");
    out.is_explained = out.is_explained || is_own;
  }
  std::size_t said = 0;
  for (const auto& stall : stalls.between(move.at - kReach, move.at + kReach)) {
    out.longest_stall = std::max(out.longest_stall, stall.length);
    if (said++ < kStallsSaid) story.add(stall.at, text_of(stall));
  }
  out.is_explained = out.is_explained || out.longest_stall >= stale / 2;
  out.story = story.text(move.at);
  return out;
}

// ---- what was lost ----------------------------------------------------------------------------

struct Witnesses {
  const AddressLog& addresses;
  const StallWatch& stalls;
  std::vector<Echo::Refused> refused;
  std::vector<DaemonLine> lines;
};

bool is_near(Duration at, const Loss& loss) {
  return at >= loss.first - kMoment && at <= loss.last + kMoment;
}

void tell_what_happened(Loss& loss, const Witnesses& witnesses) {
  Timeline story;
  for (const auto& one : witnesses.refused) {
    if (!is_near(one.at, loss)) continue;
    ++loss.refused;
    story.add(one.at, fmt::format("n{}'s kernel does not take an answer: {}", one.node,
                                  platform::explain(one.os_error)));
  }
  for (const auto& change : witnesses.addresses.since(loss.first - kMoment)) {
    if (!is_near(change.at, loss) || change.is_daemon) continue;
    story.add(change.at, fmt::format("n{} {} {}", change.node,
                                     change.is_there ? "has" : "is rid of",
                                     kVips.at(change.address)));
  }
  for (const auto& learnt : witnesses.addresses.learnt_since(loss.first - kMoment)) {
    if (!is_near(learnt.at, loss)) continue;
    story.add(learnt.at, fmt::format("the client knows {} at n{}", kVips.at(learnt.address),
                                     learnt.node));
  }
  for (const auto& line : witnesses.lines) {
    if (is_near(line.at, loss)) story.add(line.at, line.node + ": " + line.text);
  }
  std::size_t said = 0;
  for (const auto& stall : witnesses.stalls.between(loss.first - kMoment, loss.last + kMoment)) {
    if (said++ < 2 * kStallsSaid) story.add(stall.at, text_of(stall));
  }
  loss.story = story.text(loss.first);
}

// Of one chapter.
void explain_lost(const std::vector<LostRequest>& lost, const Witnesses& witnesses,
                  std::vector<Loss>& out) {
  const auto before = out.size();
  for (const auto& request : lost) {
    if (out.size() == before || request.at > out.back().last + kMoment) {
      out.push_back({request.at, request.at, {}, 0, {}});
    }
    auto& loss = out.back();
    loss.last = request.at;
    ++loss.requests[kVips.at(request.vip)];
  }
  for (auto i = before; i < out.size(); ++i) tell_what_happened(out[i], witnesses);
}

}  // namespace

std::uint64_t Soaked::unexplained() const {
  return static_cast<std::uint64_t>(
      std::count_if(take_overs.begin(), take_overs.end(),
                    [](const auto& one) { return !one.is_explained; }));
}

std::uint64_t Soaked::late_by_themselves(Duration stale) const {
  return static_cast<std::uint64_t>(
      std::count_if(take_overs.begin(), take_overs.end(), [&](const auto& one) {
        return one.is_explained && one.longest_stall < stale / 2;
      }));
}

Soaked soak(const SoakWish& wish) {
  const auto stale = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(wish.pace.stale));
  Idle idle(wish.pace);
  auto& lab = idle.lab();
  StallWatch stalls;
  for (unsigned n = 1; n <= lab.nodes(); ++n) {
    const auto daemon = lab.node(n).pid();
    stalls.follow(lab.node(n).name(), daemon);
    stalls.follow(lab.node(n).name() + "'s guard", child_of(daemon));
  }
  // Whether a service on a busy machine is scheduled in time is not the daemons' doing.
  if (wish.pace.realtime > 0) idle.echo().hurry(wish.pace.realtime);
  for (unsigned n = 1; wish.is_bound && n <= lab.nodes(); ++n) settle_down(idle, n);
  const Busy busy(wish.busy);
  std::optional<Flood> flood;
  if (wish.flood > 0) flood.emplace(lab, wish.flood, lab.nodes());
  const AddressLog addresses(lab.spaces(), kVips, lab.host());
  static_cast<void>(idle.echo().take_refused());
  Soaked out;
  const auto begun = wall_clock();
  while (wall_clock() < begun + wish.time) {
    const auto until = std::min(wall_clock() + kChapter, begun + wish.time);
    Asker client(lab.host(), kVips, wish.pace.rate);
    wait_until("the end of a chapter", [&] { return wall_clock() >= until; }, 2 * kChapter);
    const auto asked = client.finish({}, kPatience);
    out.sent += asked.sent;
    out.lost += asked.lost.size();
    auto lines = asked.lost.empty() ? std::vector<DaemonLine>()
                                    : daemon_lines(lab, asked.lost.front().at - kMoment);
    explain_lost(asked.lost,
                 {addresses, stalls, idle.echo().take_refused(), std::move(lines)}, out.losses);
    out.gap = std::max(out.gap, asked.gap);
    if (asked.pause >= stale / 2) stalls.note("client", asked.pause_at, asked.pause);
  }
  if (flood) out.fire = flood->fire();
  for (const auto& stall : stalls.between(begun, wall_clock())) {
    if (stall.length > out.longest_stall.length) out.longest_stall = stall;
    if (stall.length > stale / 2) ++out.stalls;
  }
  const auto lines = daemon_lines(lab, begun);
  for (const auto& line : lines) {
    if (is_move(line.text)) out.take_overs.push_back(explain_move(line, lines, stalls, stale));
  }
  return out;
}

}  // namespace vippy::lab
