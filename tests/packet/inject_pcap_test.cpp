#include <gtest/gtest.h>

#include "tests/packet/inject_test.h"

namespace vippy::packet {
namespace {

TEST(PcapInjectorTest, HasAName) {
  EXPECT_EQ(with_veth_pair([] { return name_of(make_pcap_injector); }), "pcap");
}

TEST(PcapInjectorTest, DeliversAndPads) {
  EXPECT_EQ(with_veth_pair([] { return delivers_and_pads(make_pcap_injector); }), "");
}

TEST(PcapInjectorTest, NamesItsErrors) {
  EXPECT_EQ(with_veth_pair([] { return names_its_errors(make_pcap_injector); }), "");
}

}  // namespace
}  // namespace vippy::packet
