// Netlink messages of the routing family as values.
//
// Purpose: links, addresses, local routes to IPv4 hosts, neighbours and acknowledgements out of the
//          bytes of one receive.
// Purity:  bytes in, values out. No sockets, no state, no allocation of its own; `name` and
//          `label` point into the bytes.
// Units:   interface indices as the kernel counts them.
// Bounds:  one message at a time; NetlinkReader stops at the first length that does not fit.
// Errors:  what is truncated, foreign or not about us is std::monostate: skipped and counted by
//          the caller, never asserted (the kernel is trusted, its future versions are not known).
// Source:  rtnetlink(7), netlink(7); include/uapi/linux/{rtnetlink,if_addr,neighbour}.h.
// Shape:   nlmsghdr (16 octets, host order, padded to 4) | family header | attributes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "core/ip.h"
#include "core/plumb.h"

namespace vippy::platform {

struct LinkMessage {
  std::uint32_t index = 0;
  std::string_view name;
  core::Mac mac;
  bool exists = true;
  bool is_running = false;
  bool is_ethernet = false;
  bool is_loopback = false;
  bool is_multicast = false;
  bool is_broadcast = false;
  bool forwards_ipv6 = false;  // not told of by an event of its own: as of the last link event
};

struct AddressMessage {
  std::uint32_t index = 0;
  core::Prefix prefix;
  bool exists = true;
  bool is_secondary = false;
  bool lacks_prefix_route = false;       // IPv6: whoever added it kept the route to himself
  std::optional<std::uint8_t> protocol;  // who added it: IFA_PROTO, or the route's protocol
  core::Plumb plumb = core::Plumb::address;
};

struct NeighbourMessage {
  std::uint32_t index = 0;
  core::IpAddress address;
  core::Mac mac;
  bool exists = true;  // in a state in which the kernel uses `mac`
};

struct DoneMessage {};  // the end of a dump
struct AckMessage {
  int os_error = 0;
};  // the answer to one request

using NetlinkBody = std::variant<std::monostate, LinkMessage, AddressMessage, NeighbourMessage,
                                 DoneMessage, AckMessage>;

struct NetlinkMessage {
  std::uint32_t sequence = 0;
  std::uint32_t port = 0;
  bool is_part_of_dump = false;  // NLM_F_MULTI
  bool is_interrupted = false;   // NLM_F_DUMP_INTR: the table changed under the dump
  NetlinkBody body;
};

// Walks over the messages of one receive.
class NetlinkReader {
 public:
  explicit NetlinkReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}
  // The next message; nullopt at the end or at a message that does not fit.
  [[nodiscard]] std::optional<NetlinkMessage> next();
  [[nodiscard]] bool is_truncated() const { return is_truncated_; }

 private:
  std::span<const std::uint8_t> rest_;
  bool is_truncated_ = false;
};

}  // namespace vippy::platform
