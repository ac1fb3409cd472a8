// Netlink messages from a kernel that says anything: the decoder reads within its bytes and its
// values keep their promises.
#include <cstdint>
#include <span>

#include "core/assert.h"
#include "platform/linux/netlink_decode.h"

namespace {

using vippy::platform::AckMessage;
using vippy::platform::AddressMessage;
using vippy::platform::LinkMessage;
using vippy::platform::NeighbourMessage;

void check(const std::monostate& /*skipped*/) {}
void check(const vippy::platform::DoneMessage& /*done*/) {}
void check(const AckMessage& ack) { VIPPY_ASSERT(ack.os_error >= 0 && ack.os_error <= 4095); }

void check(const LinkMessage& link) {
  VIPPY_ASSERT(link.index != 0);
  VIPPY_ASSERT(link.exists || !link.is_running);
  VIPPY_ASSERT(link.name.find('\0') == std::string_view::npos);
}

void check(const AddressMessage& address) {
  VIPPY_ASSERT(address.index != 0);
  VIPPY_ASSERT(address.prefix.length <= address.prefix.address.bits());
}

void check(const NeighbourMessage& neighbour) {
  VIPPY_ASSERT(neighbour.index != 0);
  VIPPY_ASSERT(!neighbour.address.is_multicast());
  VIPPY_ASSERT(neighbour.exists != neighbour.mac.is_zero());
  VIPPY_ASSERT(!neighbour.mac.is_multicast());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  vippy::platform::NetlinkReader reader(std::span(data, size));
  std::size_t count = 0;
  while (const auto message = reader.next()) {
    ++count;
    std::visit([](const auto& body) { check(body); }, message->body);
  }
  VIPPY_ASSERT(count <= size / 16);
  return 0;
}
