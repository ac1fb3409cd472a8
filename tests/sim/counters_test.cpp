// The counters that operators see, against what the simulated wire carried.
#include <gtest/gtest.h>

#include "tests/sim/world.h"

namespace vippy::sim {
namespace {

using namespace std::chrono_literals;

core::Config one_vip() {
  auto shared = std::make_shared<core::Shared>();
  auto& vip = shared->groups.emplace_back().vips.emplace_back();
  vip.interface = "eth0";
  vip.text = "10.0.100.1";
  vip.address = *core::parse_ip(vip.text);
  vip.prefix_length = 16;
  core::Config config;
  config.chat_address = *core::parse_ip("224.1.1.1");
  config.chat_port = 5007;
  config.secret = "simulated";
  config.mature = 500ms;
  config.shared = shared;
  return config;
}

TEST(CountersTest, EveryFrameThatLeavesIsCounted) {
  World world(1, 1, 1);
  auto config = one_vip();
  auto shared = std::make_shared<core::Shared>(*config.shared);
  shared->nodes = {world.machines().front().name};
  config.shared = shared;
  world.configure(config);
  world.start(0);
  world.run_for(3s);
  ASSERT_GT(world.frames_sent(), 0U);
  EXPECT_EQ(world.machines().front().daemon->status().counters.frames_sent, world.frames_sent());
}

}  // namespace
}  // namespace vippy::sim
