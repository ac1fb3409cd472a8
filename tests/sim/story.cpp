#include "tests/sim/story.h"

#include <fmt/format.h>

#include "tests/sim/checkers/all.h"
#include "tests/sim/faults.h"
#include "tests/sim/intruders.h"
#include "tests/sim/order.h"
#include "tests/sim/world.h"

namespace vippy::sim {

namespace {

using namespace std::chrono_literals;

// Shows every entry to the jury and to the list of decisions.
class Audience final : public Witness {
 public:
  Audience(World& world, const Rules& rules) : world_(world), jury(rules, all_checkers()) {}

  void see(const Entry& entry) override {
    jury.see(entry);
    decisions.see(entry);
    tell_violations();
  }
  void tell_violations() {
    for (; told_ < jury.violations().size(); ++told_) {
      const auto& it = jury.violations()[told_];
      world_.say("CHECK", it.checker + ": " + it.text);
    }
  }

 private:
  World& world_;
  std::size_t told_ = 0;

 public:
  Jury jury;
  Decisions decisions;
};

class Story {
 public:
  Story(std::uint64_t seed, Act act, bool with_intruders)
      : act_(act),
        choice_(seed * 2 + (act == Act::safety ? 1 : 0)),
        nodes_(choice_.chance(1, 8) ? 2 : 3 + choice_.below(7)),
        world_(choice_.next(), nodes_, 1 + choice_.below(3)),
        cluster_{world_, choice_, first_config(), {}},
        intruders_(world_, seed, core::speaks_2(cluster_.config.protocol) ? 2 : 1,
                   3 * cluster_.config.stale + 2 * cluster_.config.interval),
        is_gentle_(choice_.chance(1, 3)),
        has_intruders_(choice_.chance(1, 4)),
        sends_intruders_(has_intruders_ && with_intruders),
        audience_(world_, rules()) {
    cluster_.wakes_in_time = has_intruders_;
    // What wakes a daemon makes it beat: with guards, intruders would change when a hang is seen.
    world_.has_guards = !has_intruders_;
    world_.keeps_recordings = sends_intruders_;
  }

  bool has_intruders() const { return has_intruders_; }

  StoryResult run() {
    begin();
    const int faults = act_ == Act::liveness ? 8 : is_gentle_ ? 6 : 14;
    for (int i = 0; i < faults; ++i) one_fault();
    if (act_ == Act::liveness) end_well();
    audience_.jury.end(world_.now());
    audience_.tell_violations();
    StoryResult out;
    out.interval = cluster_.config.interval;
    out.violations = audience_.jury.violations();
    out.take_overs = audience_.jury.take_overs();
    out.trace = world_.trace();
    out.decisions = std::move(audience_.decisions.made);
    out.simulated_seconds =
        std::chrono::duration<double>(world_.now().time_since_epoch()).count() - 1.0;
    return out;
  }

 private:
  Rules rules() const {
    auto out = rules_of(cluster_.config);
    out.has_guard = !has_intruders_;
    return out;
  }

  core::Config first_config() {
    static constexpr Duration kIntervals[] = {1ms, 10ms, 10ms, 100ms};
    core::Config config;
    config.protocol = kStoryProtocol;
    config.chat_address = *core::parse_ip("224.1.1.1");
    config.chat_port = 5007;
    config.secret = "simulated";
    config.interval = kIntervals[choice_.below(std::size(kIntervals))];
    config.stale = 3 * config.interval;
    config.mature = 5 * config.interval;
    config.guard_kill = 10 * config.interval;
    config.arp_cache = 50 * config.interval;
    config.notify_refresh = 40 * config.interval;
    config.notify = {core::NotifyEntry{}};
    config.shared = make_shared_part(choice_, world_, 1);
    return config;
  }

  void begin() {
    const auto& config = cluster_.config;
    world_.say("world", fmt::format("{}: {} nodes, {} hosts, {} groups, interval {} ms{}",
                                    name(act_), nodes_, world_.hosts().size(),
                                    config.shared->groups.size(), config.interval / 1ms,
                                    has_intruders_ ? ", intruders" : ""));
    world_.hosts_talk_every = 2 * config.interval;
    cluster_.versions.push_back(config.shared);
    if (choice_.chance(1, 4)) {
      for (std::size_t i = 0; i < nodes_; ++i) {
        world_.machines()[i].kernel.interface = fmt::format("lan{}", i + 1);
      }
    }
    world_.show_to(audience_);
    world_.configure(config);
    for (std::size_t i = 0; i < nodes_; ++i) {
      world_.start(i);
      world_.run_for(cluster_.tenths(0, 10));
    }
    world_.run_for(config.mature + 2 * config.interval);
  }

  void one_fault() {
    const auto& fault = draw_fault(choice_, is_gentle_, world_.has_guards);
    fault.happen(cluster_);
    const auto settle = audience_.jury.picture().rules().settle();
    const auto pause = is_gentle_ ? settle + cluster_.tenths(20, 60) : cluster_.tenths(2, 120);
    if (sends_intruders_) intruders_.act_within(pause);
    world_.run_for(pause);
  }

  // The bound of liveness. What the kernel refused is tried again later and later: at most as long
  // as it took so far; what was stolen again and again, after a second.
  Duration within(Duration war) const {
    const auto& rules = audience_.jury.picture().rules();
    auto out = rules.settle() + 2 * rules.stale;
    if (cluster_.refused) out += std::min<Duration>(5s, 200ms + 2 * war);
    if (cluster_.thefts > 3) out += 1s;
    return out;
  }

  bool is_right() const {
    const auto& picture = audience_.jury.picture();
    for (const auto& vip : vips_of(*cluster_.config.shared)) {
      const auto holders = picture.holders(vip);
      if (holders.size() != 1 || !picture.machines()[holders.front()].runs()) return false;
      for (const auto& [entry, machine] : picture.caches()) {
        if (entry.second == vip.address && machine != holders.front()) return false;
      }
    }
    return true;
  }

  void end_well() {
    const auto war = world_.now().time_since_epoch() - Duration(1s);
    make_peace(cluster_, choice_.chance(1, 3) ? choice_.below(nodes_ - 1) : 0);
    const auto limit = within(war);
    world_.see(seen::Peace{cluster_.config.shared, limit});
    const auto& rules = audience_.jury.picture().rules();
    // Long waits are for the few who need them.
    world_.run_for(rules.settle() + 2 * rules.stale);
    const auto give_up = world_.now() + limit + rules.converge();
    while (!is_right() && world_.now() < give_up) world_.run_for(5 * rules.interval);
    world_.run_for(rules.stale + 3 * rules.interval);
    Violations views;
    check_views_agree(world_, views);
    for (const auto& text : views) world_.say("CHECK", text);
    if (!views.empty()) late_.push_back({world_.now(), "views", views.front()});
  }

  Act act_;
  core::Rng choice_;
  std::size_t nodes_;
  World world_;
  Cluster cluster_;
  Intruders intruders_;
  bool is_gentle_;
  bool has_intruders_;
  bool sends_intruders_;
  Audience audience_;

 public:
  std::vector<Violation> late_;  // found by looking at the daemons at the end
};

}  // namespace

std::string_view name(Act act) { return act == Act::safety ? "safety" : "liveness"; }

StoryResult tell(std::uint64_t seed, Act act) {
  Story story(seed, act, true);
  auto out = story.run();
  out.violations.insert(out.violations.end(), story.late_.begin(), story.late_.end());
  if (!story.has_intruders()) return out;
  const auto without = Story(seed, act, false).run();
  out.simulated_seconds += without.simulated_seconds;
  const auto difference = outsiders(out.decisions, without.decisions);
  if (!difference.empty()) out.violations.push_back({{}, "outsiders", difference});
  return out;
}

std::string tail(const std::string& trace, std::size_t lines) {
  auto at = trace.size();
  for (std::size_t seen = 0; at > 0; --at) {
    if (trace[at - 1] == '\n' && seen++ == lines) break;
  }
  return trace.substr(at);
}

}  // namespace vippy::sim
