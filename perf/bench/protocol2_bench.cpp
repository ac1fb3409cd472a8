// Protocol 2: an announcement made and signed, checked and read, and judged by a node.
#include <benchmark/benchmark.h>

#include "core/limits.h"
#include "perf/bench/heard_node.h"

namespace vippy::bench {
namespace {

constexpr std::size_t kBatch = 256;
constexpr std::size_t kPeer = 1;

std::size_t nodes_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}
std::size_t groups_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(1));
}

void encode(benchmark::State& state) {
  const auto message = heard_node(nodes_of(state), groups_of(state)).announcement(kPeer);
  const auto keys = cluster_keys();
  Octets out(core::kDatagramOctetsMax);
  std::size_t size = 0;
  for (auto _ : state) {
    size = core::encode(message, keys, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["octets"] = static_cast<double>(size);
}

void decode(benchmark::State& state) {
  const auto keys = cluster_keys();
  const auto octets =
      encoded(heard_node(nodes_of(state), groups_of(state)).announcement(kPeer), keys);
  for (auto _ : state) {
    auto message = core::decode_wire2(octets, keys);
    if (!message) return state.SkipWithError("the announcement was refused");
    benchmark::DoNotOptimize(message);
  }
}

enum class Turn : std::uint8_t { none, each };

// As vippyd does with a datagram: check, read and step; with `Turn::each` also the turn that
// follows when nothing else came in, and the question when the next one is due.
void hear(benchmark::State& state, Turn turn) {
  HeardNode heard(nodes_of(state), groups_of(state));
  const auto keys = cluster_keys();
  const auto source = HeardNode::address_of(kPeer);
  std::vector<Octets> datagrams;
  core::Actions actions;
  while (state.KeepRunningBatch(kBatch)) {
    state.PauseTiming();
    heard.comply_with(actions);
    heard.pass_interval();
    datagrams.clear();
    for (std::size_t i = 0; i < kBatch; ++i) {
      datagrams.push_back(encoded(heard.announcement(kPeer), keys));
    }
    const auto now = heard.now();
    state.ResumeTiming();
    for (const auto& octets : datagrams) {
      auto message = core::decode_wire2(octets, keys);
      heard.node().step(core::MessageHeard{std::move(*message), source, now}, now, actions);
      if (turn == Turn::none) continue;
      heard.node().step(core::Tick{}, now, actions);
      benchmark::DoNotOptimize(heard.node().next_deadline());
    }
  }
  if (!heard.believed_all()) state.SkipWithError("an announcement was not believed");
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"nodes", "groups"})->ArgsProduct({{3, 64}, {1, 4096}});
}

BENCHMARK(encode)->Name("protocol2_encode")->Apply(sizes);
BENCHMARK(decode)->Name("protocol2_decode")->Apply(sizes);
BENCHMARK_CAPTURE(hear, , Turn::none)->Name("protocol2_decode_and_step")->Apply(sizes);
BENCHMARK_CAPTURE(hear, , Turn::each)->Name("protocol2_decode_step_and_turn")->Apply(sizes);

}  // namespace
}  // namespace vippy::bench
