// Why things happen: the reasons that status, logs and tests speak of.
//
// Purpose: every move of a group and every inactive node has a named reason, never log text alone.
// Purity:  enums and their names.
#pragma once

#include <cstdint>
#include <string_view>

namespace vippy::core {

// Why a group has the owner that it has.
enum class MoveReason : std::uint8_t {
  start,               // first decision after this node became mature
  owner_silent,        // the owner was not heard for `stale`
  owner_left,          // the owner said that it is not active (stop, health)
  preferred_returned,  // the preferred node is active again
  better_returned,     // the node that the hash places the group on is active again
  configuration,       // the group or the nodes changed
  nobody_had_it,       // no node was active before; now one is
  nobody_active,       // no node is active: the group has no owner
  owner_deaf,          // the owner does not hear us any more: it counts us as lost
  owner_cannot,        // the owner has no link or interface for it, or its kernel refuses it
  owner_differs,       // the owner runs the same version with different contents
  owner_died,          // the owner's guard spoke for it: its daemon is dead or hangs
};

[[nodiscard]] std::string_view name(MoveReason reason);

// Why this node does not offer itself. In order of precedence: the first that holds is shown.
enum class InactiveReason : std::uint8_t {
  stopping,        // the operator stops the daemon
  not_a_node,      // our name is not in `nodes`
  draining,        // the operator drains the node
  no_path,         // has no chat interface that works since it started: it hears nobody
  maturing,        // started less than `mature` ago
  settling,        // a link came back, or this node was late, less than `stale` ago
  differing,       // others run the same version with different contents
  outdated,        // others run a newer configuration, which is on its way here
  namesake,        // another host announces under our name, and came first
  isolated,        // hears nobody, and `isolation` is "release"
  no_quorum,       // sees at most half of the cluster, and `quorum` is "majority"
  deaf_pair,       // does not hear a node, or is not heard by it, that others count on
  no_interface,    // a VIP has no local interface to go on
  link_down,       // an interface that carries VIPs has no carrier
  health,          // a health report is false
};

[[nodiscard]] std::string_view name(InactiveReason reason);

// Why another node is not counted on. In order of precedence.
enum class OutReason : std::uint8_t {
  died,      // its guard spoke for it last
  differs,   // runs the same version with other contents, or an older one (protocol 1)
  deaf,      // is heard and does not hear us
  never,     // was never heard
  silent,    // fell silent while it was active
  left,      // said that it is inactive, and then fell silent
  leaving,   // says that it stops or is drained
  inactive,  // says that it is inactive
};

[[nodiscard]] std::string_view name(OutReason reason);

}  // namespace vippy::core
