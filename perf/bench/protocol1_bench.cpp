// Protocol 1: the announcement as JSON, written and read.
#include <benchmark/benchmark.h>

#include "core/auth.h"
#include "core/limits.h"
#include "core/wire1.h"
#include "perf/bench/heard_node.h"

namespace vippy::bench {
namespace {

core::Announcement announcement(const benchmark::State& state) {
  const auto config = cluster_config(static_cast<std::size_t>(state.range(0)),
                                     static_cast<std::size_t>(state.range(1)));
  core::Announcement out;
  out.me = config.shared->nodes.front();
  out.is_active = true;
  out.shared = config.shared;
  out.nonce = "0123456789abcdef";
  out.hash = core::AnnouncementHash(*config.shared, config.secret).of(out.nonce);
  return out;
}

void encode(benchmark::State& state) {
  const auto said = announcement(state);
  std::string out;
  for (auto _ : state) {
    core::encode(said, out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.counters["octets"] = static_cast<double>(out.size());
  if (out.size() > core::kDatagramOctetsMax) state.SkipWithError("this is no datagram");
}

void decode(benchmark::State& state) {
  std::string text;
  core::encode(announcement(state), text);
  const Octets octets(text.begin(), text.end());
  for (auto _ : state) {
    auto read = core::decode_announcement(octets);
    if (!read) return state.SkipWithError("the announcement was refused");
    benchmark::DoNotOptimize(read);
  }
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"nodes", "groups"})->Args({3, 1})->Args({64, 512});
}

BENCHMARK(encode)->Name("protocol1_encode")->Apply(sizes);
BENCHMARK(decode)->Name("protocol1_decode")->Apply(sizes);

}  // namespace
}  // namespace vippy::bench
