// Who is to have what: the ranking of a configuration, allotting by facts, and a node that sees
// another one's loss.
#include <benchmark/benchmark.h>

#include "core/allot.h"
#include "core/placement.h"
#include "perf/bench/heard_node.h"

namespace vippy::bench {
namespace {

using core::NodeFacts;

constexpr std::size_t kNodes = 64;
constexpr std::size_t kGroups = 10'000;
constexpr std::size_t kLost = 1;

const core::Placement& placement() {
  static const core::Placement made(*cluster_config(kNodes, kGroups).shared);
  return made;
}

void allot_all(std::span<const NodeFacts> facts, std::vector<std::size_t>& owners) {
  for (std::size_t i = 0; i < kGroups; ++i) {
    owners[i] = core::allot(i, placement().ranking(i), facts);
  }
}

void rank(benchmark::State& state) {
  const auto config = cluster_config(kNodes, kGroups);
  for (auto _ : state) {
    core::Placement made(*config.shared);
    benchmark::DoNotOptimize(made);
  }
}

// Everybody is well, and nobody has anything yet.
void allot_fresh(benchmark::State& state) {
  const std::vector<NodeFacts> facts(kNodes, {.is_active = true, .is_settled = true});
  std::vector<std::size_t> owners(kGroups);
  allot_all(facts, owners);  // the ranking is made before the clock runs
  for (auto _ : state) {
    allot_all(facts, owners);
    benchmark::DoNotOptimize(owners.data());
    benchmark::ClobberMemory();
  }
}

// Everybody had what is its own, and one node is gone.
void allot_after_loss(benchmark::State& state) {
  std::vector<NodeFacts> facts(kNodes, {.is_active = true, .is_settled = true});
  std::vector<std::size_t> owners(kGroups);
  allot_all(facts, owners);
  std::vector<core::BitSet> claims(kNodes, core::BitSet(kGroups));
  for (std::size_t i = 0; i < kGroups; ++i) claims[owners[i]].set(i);
  for (std::size_t i = 0; i < kNodes; ++i) facts[i].claims = &claims[i];
  facts[kLost] = {};
  for (auto _ : state) {
    allot_all(facts, owners);
    benchmark::DoNotOptimize(owners.data());
    benchmark::ClobberMemory();
  }
  for (const auto owner : owners) {
    if (owner == kLost) state.SkipWithError("a group went to the node that is gone");
  }
}

// The one turn of a node in which it sees that another one is silent, and decides.
void turn_of_loss(benchmark::State& state) {
  auto& heard = heard_node(kNodes, kGroups);
  core::Actions actions;
  for (auto _ : state) {
    state.PauseTiming();
    heard.lose(kLost);
    const auto had = heard.owned_by(kLost);
    heard.move_on();
    state.ResumeTiming();
    heard.node().step(core::Tick{}, heard.now(), actions);
    state.PauseTiming();
    if (had == 0 || heard.owned_by(kLost) != 0) {
      return state.SkipWithError("this was not the turn in which the loss is seen");
    }
    heard.comply_with(actions);
    heard.recover();
    state.ResumeTiming();
  }
}

// Nothing is new: what every wake-up costs.
void turn_at_rest(benchmark::State& state) {
  auto& heard = heard_node(kNodes, kGroups);
  heard.pass_interval();
  core::Actions actions;
  for (auto _ : state) {
    heard.node().step(core::Tick{}, heard.now(), actions);
    benchmark::DoNotOptimize(heard.node().next_deadline());
  }
  if (!actions.empty()) state.SkipWithError("a turn at rest had something to do");
}

void size(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"nodes", "groups"})->Args({kNodes, kGroups});
}

BENCHMARK(rank)->Name("placement")->Apply(size)->Unit(benchmark::kMillisecond);
BENCHMARK(allot_fresh)->Name("allot_fresh")->Apply(size)->Unit(benchmark::kMicrosecond);
BENCHMARK(allot_after_loss)->Name("allot_after_loss")->Apply(size)->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_of_loss)->Name("turn_of_loss")->Apply(size)->Unit(benchmark::kMicrosecond);
BENCHMARK(turn_at_rest)->Name("turn_at_rest")->Apply(size)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace vippy::bench
