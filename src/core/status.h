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
  std::uint64_t configurations_adopted = 0;
  std::uint64_t state_changes = 0;           // ownership changed
  std::uint64_t frames_sent = 0;             // ARP and NDP frames asked for
  std::uint64_t late = 0;                    // times that this node was silent longer than stale
  std::uint64_t requests_failed = 0;         // the operating system refused something
};

struct PeerStatus {
  std::string name;
  bool is_self = false;
  bool is_active = false;
  bool was_heard = false;
  Duration heard_ago{};  // valid when was_heard
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
};

struct VipTrouble {
  std::string vip;
  std::string interface;
  std::string text;  // what is wrong and what to do
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
  std::size_t neighbours = 0;
  // Filled by the hall, which knows them.
  std::string program;   // "vippyd 0.1.0"
  std::string platform;  // "linux/io_uring"
  std::string injector;  // "packet", "pcap"
};

}  // namespace vippy::core
