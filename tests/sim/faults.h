// Everything that goes wrong in a story, each a small function with a name.
//
// Purpose: one list that the acts draw from; the world says each in the story.
// Purity:  all from the seed; times are multiples of the configuration's interval.
// Order:   what ends by itself later (a resume, a heal) does not happen any more after peace.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/rng.h"
#include "tests/sim/world.h"

namespace vippy::sim {

// The cluster of a story, as the faults need it.
struct Cluster {
  World& world;
  core::Rng& choice;
  core::Config config;  // what the operator's files hold; `shared` is the newest version
  std::vector<std::shared_ptr<const core::Shared>> versions;  // all that there ever were
  bool is_peace = false;
  unsigned thefts = 0;
  bool refused = false;
  // A datagram of an intruder wakes its target; one that wakes late would then do at another time
  // what it has to do anyway, and two tellings of the story could not be compared.
  bool wakes_in_time = false;

  [[nodiscard]] std::size_t size() const { return world.machines().size(); }
  [[nodiscard]] std::size_t any() { return choice.below(size()); }
  [[nodiscard]] Duration interval() const { return config.interval; }
  // Between `from` and `to` tenths of an interval.
  [[nodiscard]] Duration tenths(std::uint64_t from, std::uint64_t to) {
    return config.interval * static_cast<std::int64_t>(from + choice.below(to - from + 1)) / 10;
  }
  // Unless there is peace by then.
  void later(Duration after, std::function<void()> what);
};

struct Fault {
  std::string_view name;
  unsigned weight;
  void (*happen)(Cluster&);
  bool is_lone;  // leaves the network healthy: what follows can be measured
  bool needs_guards = false;
};

[[nodiscard]] const std::vector<Fault>& all_faults();
// Draws one by weight; only lone ones when `lone`, those of guards only when there are any.
[[nodiscard]] const Fault& draw_fault(core::Rng& choice, bool lone, bool has_guards);

// Groups of the given version: some stay, some go, some come, some change their preference.
[[nodiscard]] std::shared_ptr<const core::Shared> make_shared_part(core::Rng& choice,
                                                                   const World& world,
                                                                   std::uint64_t version);
// Every fault ends, every file holds a new version; `dead` of the machines stay switched off.
void make_peace(Cluster& cluster, std::size_t dead);

}  // namespace vippy::sim
