#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/packet/inject_test.h"

namespace vippy::packet {
namespace {

TEST(PacketInjectorTest, HasAName) {
  EXPECT_EQ(with_veth_pair([] { return name_of(make_packet_injector); }), "packet");
}

TEST(PacketInjectorTest, DeliversAndPads) {
  EXPECT_EQ(with_veth_pair([] { return delivers_and_pads(make_packet_injector); }), "");
}

TEST(PacketInjectorTest, NamesItsErrors) {
  EXPECT_EQ(with_veth_pair([] { return names_its_errors(make_packet_injector); }), "");
}

// Fields of a line of /proc/net/packet: sk RefCnt Type Proto Iface R Rmem User Inode.
std::string queues_nothing() {
  int error = 0;
  const auto injector = make_packet_injector(&error);
  if (!injector) return "no injector";
  const auto far = ::if_nametoindex("far");
  const Bytes frame = encoded(arp_announcement({{10, 77, 1, 1}}, kNear));
  for (int i = 0; i < 100; ++i) {
    if (injector->inject(far, frame) != 0) return "inject";
  }
  std::ifstream table("/proc/self/net/packet");
  std::string line;
  std::getline(table, line);
  std::size_t sockets = 0;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 7; ++i) fields >> field;
    if (field != "0") return "octets wait to be read: " + line;
    ++sockets;
  }
  return sockets == 1 ? "" : "not one packet socket: " + std::to_string(sockets);
}

TEST(PacketInjectorTest, QueuesNothingToRead) { EXPECT_EQ(with_veth_pair(queues_nothing), ""); }

}  // namespace
}  // namespace vippy::packet
