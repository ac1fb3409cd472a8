// What many nodes cost, in the simulator.
#include "perf/crowd.h"

#include <gtest/gtest.h>

#include "perf/bare.h"

namespace vippy::lab {
namespace {

TEST(CrowdTest, ANodeAnnouncesOnceAnIntervalAndSaysMoreTheMoreThereAre) {
  std::vector<double> parts;
  const auto report =
      measure_crowd({.nodes = {2, 5}, .interval = 0.01, .seconds = 0.1},
                    [&](const std::string&, double part) { parts.push_back(part); });
  EXPECT_EQ(parts, (std::vector<double>{0, 0.5}));
  ASSERT_EQ(report.size(), 2U);
  for (const auto& entry : report) {
    const auto nodes = entry.at("nodes").get<std::size_t>();
    const auto octets = static_cast<double>(announcement_octets(nodes, nodes));
    EXPECT_NEAR(entry.at("datagrams").get<double>(), 100, 5);
    EXPECT_NEAR(entry.at("octets").get<double>(), 100 * octets, 5 * octets);
    EXPECT_GT(entry.at("interval_us").get<double>(), 0);
    EXPECT_GT(entry.at("settled_ms").get<double>(), 0);
  }
}

}  // namespace
}  // namespace vippy::lab
