// A cluster that has come to rest, with one address that its first node holds.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/core/talking_nodes.h"

namespace vippy::core {

using Holders = std::vector<std::size_t>;

inline const std::string kVip = "10.0.0.9/24";
inline const std::vector<std::string> kTwo = {"a", "b"};

inline Config prefers_a(const std::vector<std::string>& nodes = kTwo) {
  return talking_config(1, nodes, {{"a", kVip}});
}

struct Cluster : TalkingNodes {
  explicit Cluster(const Config& config) : TalkingNodes(config.shared->nodes) {
    start(config);
    run(std::chrono::milliseconds(400));
    EXPECT_EQ(holders(kVip), Holders{0});
    watch(kVip);
  }
};

}  // namespace vippy::core
