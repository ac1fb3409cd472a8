// Everything that can happen to a node, as values.
//
// Purpose: the left side of Node::step. Bytes were decoded and authenticated as far as bytes go;
//          errno values were turned into FailureKind; text was read into Config.
// Purity:  values only.
// Source:  design: the one-way road (docs/architecture.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/config.h"
#include "core/failure.h"
#include "core/ip.h"
#include "core/prepared.h"
#include "core/time.h"
#include "core/wire1.h"
#include "core/wire2.h"

namespace vippy::core {

using RequestId = std::uint64_t;
using InterfaceIndex = std::uint32_t;

// Time passed and everything that the kernel had received was handed in: now deadlines may be
// judged. The only input that judges them.
struct Tick {};

// A configuration was read: the first one starts the node, later ones are a reload. What follows
// from its contents was prepared beside the loop, or is made in this step.
struct ConfigLoaded {
  Config config;
  std::optional<Prepared> prepared = std::nullopt;
};
// A reload found a bad file: the old configuration stays.
struct ConfigRefused { std::size_t errors = 0; std::string first; };

// What became of the contents that PrepareContent handed out.
struct ContentPrepared {
  ContentDigest digest = 0;
  std::string from;
  std::optional<Prepared> prepared;       // absent: it is no configuration
  std::optional<std::string> unusable;    // why it cannot be lived by
  std::shared_ptr<const Shared> known;    // by which its VIPs were placed on this host
};

struct AnnouncementHeard {
  Announcement announcement;
  IpAddress source;
  Instant received{};
};
struct DatagramRefused {
  WireError error{};
  IpAddress source;
};

// A message of protocol 2 that was signed with one of our secrets.
struct MessageHeard {
  Message message;
  IpAddress source;
  Instant received{};
  InterfaceIndex interface = 0;  // where it came in; 0: not known
};
struct MessageRefused {
  Wire2Error error{};
  IpAddress source;
};

enum class KernelTable : std::uint8_t { links, addresses, neighbours };
struct TableBegin { KernelTable table{}; };
struct TableComplete { KernelTable table{}; };

struct LinkSeen {
  InterfaceIndex index = 0;
  std::string name;
  Mac mac;
  bool exists = true;
  bool is_running = false;
  bool is_ethernet = false;
  bool forwards_ipv6 = false;  // the router flag of advertisements sent here
  bool is_loopback = false;
};
struct AddressSeen {
  InterfaceIndex index = 0;
  Prefix prefix;
  bool exists = true;
  bool is_tagged = false;  // carries our mark
  Plumb plumb = Plumb::address;
};
struct NeighbourSeen {
  InterfaceIndex index = 0;
  IpAddress address;
  Mac mac;
  bool exists = true;
};

// The answer to a request that an action carried.
struct OutcomeArrived {
  RequestId id = 0;
  FailureKind failure = FailureKind::none;
};

// A health report (a plugin's, an operator's): any false one makes the node inactive.
struct HealthReported {
  std::string reason;
  bool is_good = true;
};

struct StopRequested {};

// The operator wants a node drained, or back.
struct OrderGiven {
  OrderKind what = OrderKind::drain;
  std::string node;
};

// The guard found us hanging: it has spoken for us and has removed what we held, or would have so
// much later.
struct Fenced {
  Duration left{};
};

// The operating system refused to send announcements or frames.
struct SendRefused {
  bool is_frame = false;
  FailureKind failure{};
};

// A neighbour said by ARP or neighbour discovery that `address` is at `mac`.
struct NeighbourSpoke {
  InterfaceIndex index = 0;
  IpAddress address;
  Mac mac;
  bool is_answer = false;  // to us alone, who asked for it
  IpAddress asked_by;      // an answer: the address that the question came from
  Instant received{};
};

using Input = std::variant<Tick, ConfigLoaded, ConfigRefused, AnnouncementHeard, DatagramRefused,
                           TableBegin, TableComplete, LinkSeen, AddressSeen, NeighbourSeen,
                           OutcomeArrived, HealthReported, StopRequested, MessageHeard,
                           MessageRefused, OrderGiven, Fenced, SendRefused,
                           NeighbourSpoke, ContentPrepared>;

}  // namespace vippy::core
