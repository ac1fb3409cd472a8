// The operator's picture of one node: values that the management server renders.
//
// Purpose: everything `vippyctl status` and GET /status show, and why each group is where it is.
// Purity:  values only, no secrets.
// Units:   Duration; ages are measured back from the moment of asking.
// Source:  the fields identity, stats, config and state are the reference's; the rest is ours.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/ip.h"
#include "core/reason.h"
#include "core/time.h"

namespace vippy::core {

inline constexpr std::size_t kNobody = SIZE_MAX;  // an owner index that is no node

struct Counters {
  std::uint64_t announcements_sent = 0;
  std::uint64_t announcements_received = 0;  // accepted ones, our own included
  std::uint64_t ignored = 0;                 // sum of the following
  std::uint64_t ignored_malformed = 0;       // not an announcement
  std::uint64_t ignored_forged = 0;          // the hash does not match, under no configuration
  std::uint64_t ignored_stranger = 0;        // `me` is not one of the nodes
  std::uint64_t ignored_old = 0;             // a member speaks an older configuration
  std::uint64_t ignored_differing = 0;       // same version, different contents
  std::uint64_t ignored_replayed = 0;        // not newer than what was heard, or an old session
  std::uint64_t ignored_unproven = 0;        // a session that has not shown yet that it hears us
  std::uint64_t ignored_namesake = 0;        // of a second host under the name of a node or ours
  std::uint64_t ignored_protocol = 0;        // of the protocol that we do not speak
  std::uint64_t configurations_adopted = 0;
  std::uint64_t state_changes = 0;           // ownership changed
  std::uint64_t frames_sent = 0;             // ARP and NDP frames asked for
  std::uint64_t frames_heard = 0;            // of neighbours, that say where an address is
  std::uint64_t frames_ignored = 0;          // that say nothing usable
  std::uint64_t conflicts = 0;               // of them: strangers that claim a VIP of ours
  std::uint64_t late = 0;                    // times that this node was silent longer than stale
  std::uint64_t fenced = 0;                  // times that the guard let go for this node
  std::uint64_t sends_failed = 0;            // announcements and frames that were not let out
  std::uint64_t requests_failed = 0;         // the operating system refused something
};

struct PeerStatus {
  std::string name;
  bool is_self = false;
  bool is_active = false;
  bool was_heard = false;
  Duration heard_ago{};  // valid when was_heard
  unsigned protocol = 0;  // the one it was last heard in; 0: not heard
  bool hears_us = false;  // by its own word (protocol 2)
  bool is_leaving = false;  // stops or drains
  Duration longest_gap{};   // between two of its announcements, in the last minute or two
  std::optional<OutReason> out;  // why it is not counted on
};

// What the kernel of this node has of a group.
enum class Holding : std::uint8_t {
  none,      // no address of the group is here
  partial,   // being added or removed, or something failed
  complete,  // all addresses of the group are here
};

struct GroupStatus {
  std::size_t owner = kNobody;  // index into shared->nodes
  Holding holding = Holding::none;
  MoveReason reason = MoveReason::start;
  Duration since{};  // how long the group has had this owner
  // The neighbours' answers to its VIPs since they came up here.
  std::size_t asked = 0;
  std::size_t answered = 0;
  std::optional<Duration> converged_in;  // nobody is being asked any more
  std::vector<IpAddress> silent;         // some of those that did not answer
  std::vector<std::size_t> refused_by;   // nodes that have no interface for it, or whose kernel
                                         // would not take it
};

struct WitnessStatus {
  IpAddress host;
  bool answers = false;  // its last questions
};

// The guard that stands beside the daemon, where one is wanted.
struct GuardStatus {
  std::optional<int> process;  // absent: none is there now
  std::uint64_t restarts = 0;
  std::uint64_t fences = 0;  // it took the daemon for hung so often
};

struct VipTrouble {
  std::string vip;
  std::string interface;
  std::string text;  // what is wrong and what to do
  Duration since{};  // it began so long ago
  std::optional<Duration> last;  // what comes and goes: it was seen so long ago
};

struct Status {
  std::string identity;
  Counters counters;
  std::shared_ptr<const Shared> shared;
  bool is_mature = false;
  bool is_active = false;
  std::optional<std::string> inactive_reason;
  std::vector<PeerStatus> peers;    // in the order of shared->nodes
  std::vector<GroupStatus> groups;  // in the order of shared->groups
  std::vector<VipTrouble> troubles;
  std::vector<WitnessStatus> witnesses;  // those that are asked
  bool is_draining = false;
  Protocol protocol = Protocol::v2;
  std::optional<Duration> failback;
  HandOver handover = HandOver::make_first;
  Isolation isolation = Isolation::hold;
  Quorum quorum = Quorum::none;
  Plumb plumb = Plumb::address;
  Duration interval{};
  Duration stale{};
  // From a node's death to the first announcement of its successor, at the worst.
  Duration failover_bound{};
  Duration turn_delay{};  // the longest that this node came late to its own deadlines, lately
  std::size_t neighbours = 0;
  // Filled by the hall, which knows them.
  std::string program;   // "vippyd 0.1.0"
  std::string platform;  // "linux/io_uring"
  std::string injector;  // "packet", "pcap"
  std::optional<GuardStatus> guard;  // absent: none is wanted
};

// What helps when a node was silent, or late, for so long: "raise stale to ... or more".
[[nodiscard]] std::string advice_for(Duration seen);

}  // namespace vippy::core
