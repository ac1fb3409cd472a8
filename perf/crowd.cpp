#include "perf/crowd.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "perf/statistics.h"
#include "tests/sim/world.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeed = 1;
constexpr Duration kStep = 10ms;
constexpr Duration kSettle = 60s;  // of virtual time

core::Vip address_number(std::size_t number) {
  core::Vip vip;
  vip.interface = "eth0";
  vip.text = fmt::format("10.0.{}.{}", 100 + number / 250, 1 + number % 250);
  vip.address = *core::parse_ip(vip.text);
  vip.prefix_length = 16;
  return vip;
}

// A group for each node, at home there.
core::Config config_of(const sim::World& world, double interval) {
  auto shared = std::make_shared<core::Shared>();
  for (std::size_t i = 0; i < world.machines().size(); ++i) {
    const auto& name = world.machines()[i].name;
    shared->nodes.push_back(name);
    auto& group = shared->groups.emplace_back();
    group.preferred = name;
    group.vips.push_back(address_number(i));
  }
  core::Config config;
  config.chat_address = *core::parse_ip("224.1.1.1");
  config.chat_port = 5007;
  config.secret = "crowd";
  config.interval = Duration(std::llround(interval * 1e9));
  config.stale = 3 * config.interval;
  config.mature = 3 * config.stale;
  config.shared = shared;
  return config;
}

bool is_settled(const sim::World& world, const core::Config& config) {
  for (std::size_t i = 0; i < world.machines().size(); ++i) {
    const auto& vip = config.shared->groups[i].vips.front();
    const core::Prefix prefix{vip.address, static_cast<std::uint8_t>(vip.prefix_length)};
    for (std::size_t n = 0; n < world.machines().size(); ++n) {
      if (world.machines()[n].holds(prefix) != (n == i)) return false;
    }
  }
  return true;
}

Report measure(unsigned nodes, const CrowdWish& wish) {
  sim::World world(kSeed, nodes, 1);
  const auto config = config_of(world, wish.interval);
  world.configure(config);
  for (std::size_t i = 0; i < nodes; ++i) world.start(i);
  const auto begun = world.now();
  while (!is_settled(world, config)) {
    if (world.now() - begun > kSettle) {
      throw std::runtime_error(fmt::format("{} nodes did not settle in a minute", nodes));
    }
    world.run_for(kStep);
  }
  const std::chrono::duration<double, std::milli> settled = world.now() - begun;
  world.run_for(std::max<Duration>(config.stale, 100ms));  // the news of the start are through
  const auto datagrams = world.datagrams_sent();
  const auto octets = world.octets_sent();
  const auto spent = processor_seconds();
  world.run_for(Duration(std::llround(wish.seconds * 1e9)));
  const auto each = 1 / (wish.seconds * nodes);
  return {{"nodes", nodes},
          {"datagrams", static_cast<double>(world.datagrams_sent() - datagrams) * each},
          {"octets", static_cast<double>(world.octets_sent() - octets) * each},
          {"interval_us", 1e6 * (processor_seconds() - spent) * each * wish.interval},
          {"settled_ms", settled.count()}};
}

}  // namespace

Report measure_crowd(const CrowdWish& wish, const Progress& progress) {
  auto out = Report::array();
  for (const auto nodes : wish.nodes) {
    progress(fmt::format("{} nodes in the simulator", nodes),
             static_cast<double>(out.size()) / static_cast<double>(wish.nodes.size()));
    out.push_back(measure(nodes, wish));
  }
  return out;
}

}  // namespace vippy::lab
