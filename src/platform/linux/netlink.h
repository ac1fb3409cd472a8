// The kernel's tables of links, addresses (our local routes among them) and neighbours, and every
// change of them.
//
// Purpose: one netlink socket for notifications and dumps. Requests go through another one
//          (address_requests.h), so that an acknowledgement never waits behind a dump.
// Bounds:  kReceivesPerReadMax receives and kReadOctetsMax octets a read(); what is left stays in
//          the socket.
// Errors:  lost notifications (ENOBUFS) make it read all tables again by itself; a dump that the
//          kernel calls inconsistent is repeated inside the same marks. The kernel does not tell of
//          IPv4 routes that go with their interface's last address or when it is set down: the
//          caller asks for the table of addresses then.
// Order:   at start links, addresses, neighbours, each between TableBegin and TableComplete.
//          Views in the events stay valid until the next read().
// Source:  rtnetlink(7), netlink(7); libnl-3 for sockets and messages.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "platform/linux/buffer_pool.h"
#include "platform/linux/netlink_decode.h"
#include "platform/notices.h"
#include "platform/platform.h"

struct nl_sock;

namespace vippy::platform {

// A notification is a receive of its own: a read() must keep up with batches of requests.
inline constexpr std::size_t kReceivesPerReadMax = 1024;
// Some 3,000 neighbours of a dump: other sources are read again before the next share.
inline constexpr std::size_t kReadOctetsMax = 256UL * 1024;
inline constexpr std::size_t kReceiveOctetsMax = 64UL * 1024;  // the kernel's dumps: 32 KiB
// 32,768 neighbours come as 32,768 notifications of roughly 1 KiB each, counted with overhead.
inline constexpr int kNetlinkReceiveOctets = 32 << 20;

using NetlinkEvent =
    std::variant<TableBegin, TableComplete, LinkMessage, AddressMessage, NeighbourMessage>;

struct NetlinkSocketDeleter {
  void operator()(nl_sock* socket) const;
};
using NetlinkSocket = std::unique_ptr<nl_sock, NetlinkSocketDeleter>;

// A connected, non-blocking routing socket with the receive buffer asked for; null: *os_error.
[[nodiscard]] NetlinkSocket open_netlink(int receive_octets, int* os_error);

class NetlinkWatcher {
 public:
  // An errno value, 0 = done. Queues the three tables. What is done to local routes for `our_port`
  // is not told of.
  [[nodiscard]] int open(int receive_octets, std::uint32_t our_port);
  [[nodiscard]] int descriptor() const;

  // The table once more, after those already asked for.
  void ask(Table table);
  // A local route was removed for `our_port`: a table that is being read may tell of it still, and
  // is asked for again.
  void on_route_removed();
  // Adds what has come in. Call when the descriptor is readable, and after ask().
  void read(std::vector<NetlinkEvent>& out, Notices& notices, core::Instant now);

 private:
  void begin_dump(std::vector<NetlinkEvent>& out, Notices& notices, core::Instant now);
  [[nodiscard]] int send_dump();
  void end_dump(bool is_whole, std::vector<NetlinkEvent>& out, Notices& notices, core::Instant now);
  void take(std::span<const std::uint8_t> bytes, std::vector<NetlinkEvent>& out, Notices& notices,
            core::Instant now);
  void on_lost(Notices& notices, core::Instant now);
  [[nodiscard]] bool is_of_dump(const NetlinkMessage& message) const;

  NetlinkSocket socket_;
  BufferPool buffer_{1, kReadOctetsMax};
  std::deque<Table> asked_;
  std::optional<Table> running_;
  bool is_interrupted_ = false;
  bool is_of_routes_ = false;  // the second half of the table of addresses
  unsigned attempts_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace vippy::platform
