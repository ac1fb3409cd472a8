// Everything a node can want done, as values.
//
// Purpose: the right side of Node::step. The hall encodes and performs them in order.
// Purity:  values only; no bytes, no file descriptors.
// Errors:  a request with an id is answered by OutcomeArrived with that id, exactly once.
// Source:  RFC 826 and RFC 5227 (Advertise for IPv4), RFC 4861 (for IPv6).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/input.h"
#include "core/ip.h"
#include "core/log_event.h"
#include "core/wire1.h"

namespace vippy::core {

struct OpenManagement {
  RequestId id = 0;
  std::string path;
  std::uint32_t mode = 0600;
};
struct OpenChat {
  RequestId id = 0;
  IpAddress address;
  std::uint16_t port = 0;
  std::vector<std::string> interfaces;  // several: redundant paths
  std::vector<IpAddress> peers;         // not empty: unicast to these instead
  SessionId own_session = 0;            // what bears it need not come back to us
};
struct UseInjector {
  RequestId id = 0;
  Inject inject{};
};

struct SendAnnouncement { Announcement announcement; };

// Protocol 2. The secrets come first: the current one, then the previous ones.
struct UseSecrets { std::vector<std::string> secrets; };
struct SendMessage { Message message; };
// What the guard is to send if we can no longer speak ourselves.
struct KeepWill { std::variant<Message, Announcement> message; };
struct UseGuard {
  bool is_wanted = true;
  Duration stale{};
  Duration kill_after{};
  Duration hand_over{};  // it keeps the addresses for so long after it has spoken for us
  unsigned realtime = 0;
};
// How this process is to be scheduled.
struct UseScheduling { unsigned realtime = 0; bool lock_memory = false; };

// Contents that a peer runs are to be read and prepared (see graduate.h) beside the loop; answered
// by ContentPrepared, in the order of the requests.
struct ContentTask;
struct PrepareContent { std::shared_ptr<const ContentTask> task; };

struct AddAddress {
  RequestId id = 0;
  InterfaceIndex index = 0;
  Prefix prefix;
  Duration lifetime{};  // zero: for ever
  bool renew = false;   // it is there, and gets the lifetime anew
  Plumb plumb = Plumb::address;  // a route has a host prefix and no lifetime
};
struct RemoveAddress {
  RequestId id = 0;
  InterfaceIndex index = 0;
  Prefix prefix;
  Plumb plumb = Plumb::address;
};

// What was asked to be added, or renewed, and was not sent to the kernel yet, is not to be: each is
// answered as withdrawn.
struct WithdrawAdditions {};

enum class AdvertiseForm : std::uint8_t {
  everyone,       // broadcast, in request form; IPv6: NA to all nodes
  everyone_reply, // IPv4: broadcast, in reply form
  directed,       // unicast reply to a host whose MAC is known; IPv6: unicast NA
  ask_everyone,   // broadcast "who has host? tell VIP": teaches the host and learns its MAC
  ask,            // the same to a host whose MAC is known: its answer proves that it has learnt
};

// Tell the neighbours that `vip` is at `mac`. A question may come from this node itself: then `vip`
// is an address of its own, or 0.0.0.0, which tells nobody anything (RFC 5227 section 1.1, probe).
struct Advertise {
  InterfaceIndex index = 0;
  IpAddress vip;
  Mac mac;  // the interface's own
  bool is_router = false;  // IPv6: this host forwards on the interface
  AdvertiseForm form{};
  IpAddress host;  // directed, ask_everyone and ask
  Mac host_mac;    // directed and ask
};

// Begins or ends to tell what the neighbours say on an Ethernet interface (NeighbourSpoke).
struct Listen {
  InterfaceIndex index = 0;
  bool on = false;
};

struct HarvestNeighbours {};

struct Log { LogEvent event; };

// Logging settings changed (start, reload).
struct SetLogging { Logging logging; };

// Nothing is left to do.
struct Exit {
  int code = 0;
  bool is_clean = true;  // no address of ours is left
};

using Action = std::variant<OpenManagement, OpenChat, UseInjector, SendAnnouncement, UseSecrets,
                            SendMessage, KeepWill, UseGuard, UseScheduling,
                            AddAddress, RemoveAddress, WithdrawAdditions, Advertise, Listen,
                            HarvestNeighbours,
                            Log, SetLogging, Exit, PrepareContent>;
using Actions = std::vector<Action>;

}  // namespace vippy::core
