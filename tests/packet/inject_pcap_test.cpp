#include <gtest/gtest.h>

#include "tests/packet/inject_test.h"

namespace vippy::packet {
namespace {

TEST(PcapInjectorTest, HasAName) {
  int error = -1;
  const auto injector = make_pcap_injector(&error);
  if (!injector) GTEST_SKIP() << "not permitted here: error " << error;
  EXPECT_EQ(error, 0);
  EXPECT_EQ(injector->name(), "pcap");
}

TEST(PcapInjectorTest, DeliversAndPads) {
  EXPECT_EQ(with_veth_pair([] { return delivers_and_pads(make_pcap_injector); }), "");
}

TEST(PcapInjectorTest, NamesItsErrors) {
  EXPECT_EQ(with_veth_pair([] { return names_its_errors(make_pcap_injector); }), "");
}

}  // namespace
}  // namespace vippy::packet
