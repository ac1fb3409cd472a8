// The whole world outside the program: one seam, implemented by linux/ (io_uring or epoll),
// illumos/ (event ports, DLPI) and tests/sim/ (one process, virtual time, many nodes).
//
// Purpose: events come in by wait(), requests go out by perform(); nothing else crosses.
// Purity:  no OS headers here. The platform knows nothing of VIPs, groups, peers or decisions.
// Units:   core::Instant (monotonic nanoseconds), core::Duration; spans of octets.
// Bounds:  wait() fills at most out.size() events; the rest comes with the next call.
// Errors:  perform() never reports. Every request with an id is answered exactly once by an
//          Outcome with that id, so success and failure take the same road back to the core.
// Order:   one thread, but for what RunBeside is handed. Requests take effect in the order given;
//          address requests may be queued
//          until the next wait(), which sends them in batches. Spans and string_views inside
//          events stay valid until the next wait().
//          At start the platform sends the tables of links, addresses and neighbours by itself,
//          each between TableBegin and TableComplete, then every change as it happens. After a
//          loss of notifications it sends the whole table again: what was not mentioned between
//          the two marks is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/ip.h"
#include "core/plumb.h"
#include "core/time.h"

namespace vippy::platform {

using RequestId = std::uint64_t;
using InterfaceIndex = std::uint32_t;  // 0: none
using StreamId = std::uint64_t;

// What this operating system can and cannot do for us. The core plans by these and never asks
// which system it is on.
struct Capabilities {
  bool address_tags = false;         // addresses can be marked as ours: leftovers are recognised
  bool address_lifetimes = false;    // the kernel drops an address by itself after a lifetime
  bool neighbour_events = false;     // NeighbourChanged comes by itself, not only by harvest
  bool break_before_make = false;    // the loser must let go before the winner may add (DAD)
  core::Duration address_add_typical{};  // how long an added address takes to answer
};

// ---- events ---------------------------------------------------------------------------------

struct Datagram {
  std::span<const std::uint8_t> bytes;
  core::IpAddress source;
  std::uint16_t source_port = 0;
  InterfaceIndex interface_index = 0;  // where it came in; 0: not known
  core::Instant received{};            // the kernel's receive time where it gives one
};

// What a neighbour sent, whole (cut off behind 512 octets): ARP, an NDP solicitation or
// advertisement. Datagrams that came in meanwhile are told of first.
struct FrameHeard {
  InterfaceIndex index = 0;
  std::span<const std::uint8_t> bytes;
  core::Instant received{};  // the kernel's receive time where it gives one
};

// A datagram or a frame could not be sent, or not on each of its paths: the first reason since
// the last wait(). The notice beside it says more, but not every time.
struct SendFailed {
  bool is_frame = false;
  int os_error = 0;
};

enum class Table : std::uint8_t { links, addresses, neighbours };
struct TableBegin { Table table{}; };
struct TableComplete { Table table{}; };

struct LinkChanged {
  InterfaceIndex index = 0;
  std::string_view name;
  core::Mac mac;            // zero when the link has none (loopback, tunnels)
  bool exists = true;       // false: the link is gone
  bool is_running = false;  // administratively up and with carrier
  bool is_ethernet = false;  // ARP and NDP frames make sense here
  bool forwards_ipv6 = false;  // this host routes IPv6 here: the router flag of its NDP
  bool is_loopback = false;
};

struct AddressChanged {
  InterfaceIndex index = 0;
  core::Prefix prefix;
  bool exists = true;
  bool is_tagged = false;  // carries our mark (capability address_tags)
  core::Plumb plumb = core::Plumb::address;  // of routes only those with our mark are told
};

struct NeighbourChanged {
  InterfaceIndex index = 0;
  core::IpAddress address;
  core::Mac mac;
  bool exists = true;  // false: gone or not resolved
};

// The answer to a request. os_error is the errno value, 0 = done; os_error.h names it.
struct Outcome {
  RequestId id = 0;
  int os_error = 0;
};

// Connections on the management socket.
struct StreamOpened { StreamId stream = 0; std::uint32_t peer_uid = 0; };
struct StreamBytes { StreamId stream = 0; std::span<const std::uint8_t> bytes; };
struct StreamClosed { StreamId stream = 0; };  // by the peer or by an error; the id is dead now

enum class Signal : std::uint8_t { stop, reload };
struct SignalCaught { Signal signal{}; int number = 0; };

// Where a datagram goes: plain octets, since it travels through shared memory to the guard.
struct WillTarget {
  core::IpAddress address;
  core::IpAddress source;    // unspecified: the system chooses
  InterfaceIndex index = 0;  // 0: where the routes say
  std::uint16_t port = 0;
  std::uint8_t ttl = 0;
  std::uint8_t reserved = 0;
};

// Announcements go there from now on.
struct ChatRouted { std::span<const WillTarget> targets; };

// Something the platform wants said, once, for the log: "io_uring refused: ..., using epoll".
struct Notice { bool is_warning = false; std::string_view text; };

// The oldest RunBeside that was not told of is done: what it wrote may be read.
struct WorkDone {};

using Event = std::variant<Datagram, TableBegin, TableComplete, LinkChanged, AddressChanged,
                           NeighbourChanged, Outcome, StreamOpened, StreamBytes, StreamClosed,
                           SignalCaught, Notice, FrameHeard, SendFailed, ChatRouted, WorkDone>;

// ---- requests -------------------------------------------------------------------------------

// Opens the announcement socket, in place of an earlier one (which stays when this fails).
// Each of `interfaces` is "all" (every running multicast interface, also later ones), a name, or
// a local address; none is "all". Several are redundant paths: a datagram goes out once on each
// interface and is received on each, so the same one may come in more than once. TTL / hop limit
// as given. Our own datagrams come back to us.
// With `peers` there is no group: each datagram goes to each peer by itself, from `port` to
// `port`, and our own need not come back. A peer in the network of one of the interfaces is sent
// to on these only, another one on all of them ("all": where the routes say); an address of this
// host is left out. No host is EINVAL.
struct OwnMark {
  std::size_t offset = 0;    // [octets] of the datagram
  std::uint64_t value = 0;   // big-endian there
};
struct OpenChat {
  RequestId id = 0;
  core::IpAddress group;
  std::uint16_t port = 0;
  std::span<const std::string> interfaces;
  std::span<const core::IpAddress> peers;
  std::uint8_t ttl = 128;
  std::optional<OwnMark> own = std::nullopt;  // what bears it is ours, and need not come back
};

// Listens on a Unix stream socket. A live daemon on the same path, or one that opens it right now:
// EADDRINUSE. A dead socket file is replaced. An earlier management socket stays when this fails.
struct OpenManagement {
  RequestId id = 0;
  std::string_view path;
  std::uint32_t mode = 0600;
};

// How frames are sent from now on: "packet", "pcap" (illumos: "dlpi"). A name that this system
// does not know is ENOTSUP and changes nothing.
struct UseInjector {
  RequestId id = 0;
  std::string_view name;
};

struct SendDatagram { std::span<const std::uint8_t> bytes; };  // to the chat address

// One finished Ethernet frame, without FCS; padding is the platform's.
struct SendFrame {
  InterfaceIndex index = 0;
  std::span<const std::uint8_t> bytes;
};

// Begins or ends to tell of the neighbours' frames on one Ethernet interface (FrameHeard). A link
// that goes ends it. A refusal is a Notice.
struct ListenFrames {
  InterfaceIndex index = 0;
  bool on = false;
};

struct AddAddress {
  RequestId id = 0;
  InterfaceIndex index = 0;
  core::Prefix prefix;
  core::Duration lifetime{};  // zero: for ever; else rounded up to what the kernel can count
  // An address that is there gets the new lifetime and no EEXIST, and stays what and where it
  // was; somebody else's, where address_tags tell, is left alone: EEXIST.
  bool renew = false;
  // A route: a local one to a host prefix, with our mark and without a lifetime.
  core::Plumb plumb = core::Plumb::address;
};
struct RemoveAddress {
  RequestId id = 0;
  InterfaceIndex index = 0;
  core::Prefix prefix;
  core::Plumb plumb = core::Plumb::address;  // a route: ours only
};

// Additions and renewals that are queued still are not sent: their Outcome is ECANCELED.
struct WithdrawAdditions {};

// Asks for the table of neighbours again: TableBegin, NeighbourChanged..., TableComplete.
struct HarvestNeighbours {};

// Work that takes long is done beside the loop, on a thread of lower rank, one after the other;
// WorkDone answers each in the order of the requests. It may touch only what it owns, and what
// nobody writes. Where no thread can be had, it is done in the call.
struct RunBeside { std::function<void()> work; };

struct StreamSend { StreamId stream = 0; std::span<const std::uint8_t> bytes; };
struct StreamClose { StreamId stream = 0; };  // after everything sent so far has left

using Request = std::variant<OpenChat, OpenManagement, UseInjector, SendDatagram, SendFrame,
                             AddAddress, RemoveAddress, WithdrawAdditions, HarvestNeighbours,
                             StreamSend, StreamClose, ListenFrames, RunBeside>;

class Platform {
 public:
  virtual ~Platform() = default;

  // For logs and status: "linux/io_uring", "linux/epoll", "illumos/ports", "sim".
  [[nodiscard]] virtual std::string_view name() const = 0;

  [[nodiscard]] virtual const Capabilities& capabilities() const = 0;

  // Monotonic. The only clock in the program.
  [[nodiscard]] virtual core::Instant now() const = 0;

  // 64 unpredictable bits, asked for once at start-up; the core's Rng grows from them.
  [[nodiscard]] virtual std::uint64_t seed() = 0;

  // Blocks until an event, or `deadline` (a past deadline polls; Instant::min() polls for what has
  // come in and leaves queued address requests where they are). Fills the front of `out`, returns
  // how many.
  [[nodiscard]] virtual std::size_t wait(core::Instant deadline, std::span<Event> out) = 0;

  // Starts the request. Spans and views need only live until perform() returns.
  virtual void perform(const Request& request) = 0;
};

}  // namespace vippy::platform
