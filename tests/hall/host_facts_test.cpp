#include "host_facts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace vippy::hall {
namespace {

TEST(HostFactsTest, TheNameIsTheHostsOwn) {
  std::array<char, 256> name{};
  ASSERT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  EXPECT_EQ(host_name(), name.data());
}

TEST(HostFactsTest, TheLoopbackIsAmongTheInterfacesWithItsPrefixAndEachIsNamedOnce) {
  const auto found = local_interfaces();
  ASSERT_TRUE(found.has_value());
  const auto loopback = std::find_if(found->begin(), found->end(), [](const auto& interface) {
    return interface.name == "lo" || interface.name == "lo0";
  });
  ASSERT_NE(loopback, found->end());
  EXPECT_TRUE(loopback->is_loopback);
  const auto& prefixes = loopback->prefixes;
  EXPECT_NE(std::find(prefixes.begin(), prefixes.end(), *core::parse_prefix("127.0.0.1/8")),
            prefixes.end());
  for (std::size_t i = 1; i < found->size(); ++i) {
    EXPECT_LT((*found)[i - 1].name, (*found)[i].name);
  }
}

}  // namespace
}  // namespace vippy::hall
