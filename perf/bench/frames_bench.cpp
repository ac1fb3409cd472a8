// What a take-over sends: the frames of one address, and the removals of many in one batch.
#include <benchmark/benchmark.h>

#include <fmt/format.h>
#include <net/if.h>

#include <array>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "core/limits.h"
#include "packet/arp.h"
#include "packet/injector.h"
#include "packet/ndp.h"
#include "perf/bench/own_namespace.h"
#include "platform/linux/address_messages.h"

namespace vippy::bench {
namespace {

constexpr core::Mac kMac{{2, 0, 0, 0, 0, 1}};

void gratuitous_arp(benchmark::State& state) {
  auto vip = core::parse_ip("10.1.0.1")->v4();
  std::array<std::uint8_t, core::kFrameOctetsMax> out{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(vip);
    packet::encode(packet::arp_announcement(vip, kMac), out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
}

void unsolicited_na(benchmark::State& state) {
  auto vip = core::parse_ip("fd77::1")->v6();
  std::array<std::uint8_t, core::kFrameOctetsMax> out{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(vip);
    packet::encode(packet::ndp_announcement(vip, kMac, packet::RouterFlag::no), out);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
}

// A bridge with this node's cable and those of others: what carries a frame of vippy-perf.
bool make_segment(int receivers) {
  std::string script = "ip link add br0 type bridge && ip link set br0 up";
  for (int i = 0; i <= receivers; ++i) {
    script += fmt::format(
        " && ip link add v{0} type veth peer name p{0} && ip link set p{0} master br0 up && "
        "ip link set v{0} up && ip addr add 10.9.0.{1}/24 dev v{0}",
        i, i + 1);
  }
  return std::system(script.c_str()) == 0;
}

// The kernel carries it to all receivers before the call returns.
void broadcast(benchmark::State& state) {
  static const bool is_there = enter_own_namespace() && make_segment(3);
  if (!is_there) return state.SkipWithError("a network namespace or a bridge is refused");
  int error = 0;
  const auto injector = packet::make_packet_injector(&error);
  if (injector == nullptr) return state.SkipWithError("packet sockets are refused");
  std::array<std::uint8_t, core::kFrameOctetsMax> out{};
  const auto frame = packet::arp_announcement(core::parse_ip("10.1.0.1")->v4(), kMac);
  const auto size = packet::encode(frame, out);
  const auto index = ::if_nametoindex("v0");
  for (auto _ : state) {
    const int refused = injector->inject(index, std::span(out).first(size));
    if (refused != 0) return state.SkipWithError("a frame was refused");
  }
}

// Promotions on, all removals, promotions off: what goes out in one sendmsg().
void removals(benchmark::State& state) {
  constexpr platform::InterfaceIndex kInterface = 2;
  std::vector<core::Prefix> prefixes;
  for (int i = 0; i < state.range(0); ++i) {
    prefixes.push_back(*core::parse_prefix(fmt::format("10.1.{}.{}/16", i / 250, i % 250 + 1)));
  }
  std::vector<std::uint8_t> batch((prefixes.size() + 2) * platform::kAddressMessageOctetsMax);
  std::size_t used = 0;
  for (auto _ : state) {
    std::uint32_t sequence = 0;
    const auto room = [&] { return std::span(batch).subspan(used); };
    used = 0;
    used += platform::write_promotion(room(), {0, ++sequence}, kInterface, true);
    for (const auto& prefix : prefixes) {
      used += platform::write_removal(room(), {0, ++sequence}, kInterface, prefix);
    }
    used += platform::write_promotion(room(), {0, ++sequence}, kInterface, false);
    benchmark::DoNotOptimize(batch.data());
    benchmark::ClobberMemory();
  }
  state.counters["octets"] = static_cast<double>(used);
}

BENCHMARK(gratuitous_arp)->Name("frame_gratuitous_arp");
BENCHMARK(unsolicited_na)->Name("frame_unsolicited_na");
BENCHMARK(broadcast)->Name("frame_broadcast_through_bridge/receivers:3");
BENCHMARK(removals)->Name("netlink_removals")->ArgName("addresses")->Arg(1)->Arg(100);

}  // namespace
}  // namespace vippy::bench
