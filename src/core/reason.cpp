#include "core/reason.h"

#include "core/assert.h"

namespace vippy::core {

std::string_view name(MoveReason reason) {
  switch (reason) {
    case MoveReason::start: return "start";
    case MoveReason::owner_silent: return "owner silent";
    case MoveReason::owner_left: return "owner left";
    case MoveReason::preferred_returned: return "preferred node returned";
    case MoveReason::better_returned: return "placed node returned";
    case MoveReason::configuration: return "configuration changed";
    case MoveReason::nobody_had_it: return "nobody had it";
    case MoveReason::nobody_active: return "no node is active";
    case MoveReason::owner_deaf: return "owner does not hear us";
    case MoveReason::owner_cannot: return "owner cannot hold it";
    case MoveReason::owner_differs: return "owner has other contents";
    case MoveReason::owner_died: return "owner died or hung";
  }
  VIPPY_ASSERT(false && "unknown MoveReason");
}

std::string_view name(InactiveReason reason) {
  switch (reason) {
    case InactiveReason::stopping: return "stopping";
    case InactiveReason::not_a_node: return "not one of the nodes";
    case InactiveReason::draining: return "drained by the operator";
    case InactiveReason::no_path: return "no chat interface works";
    case InactiveReason::maturing: return "maturing";
    case InactiveReason::settling: return "listening before it offers itself again";
    case InactiveReason::differing: return "others run this version with different contents";
    case InactiveReason::outdated: return "waiting for the newer configuration of the others";
    case InactiveReason::namesake: return "another host announces under this node's name";
    case InactiveReason::isolated: return "hears no other node, and no witness answers";
    case InactiveReason::no_quorum: return "hears no majority of the nodes";
    case InactiveReason::deaf_pair: return "one link to another node does not work both ways";
    case InactiveReason::no_interface: return "no local interface for a VIP";
    case InactiveReason::link_down: return "link down";
    case InactiveReason::health: return "health";
  }
  VIPPY_ASSERT(false && "unknown InactiveReason");
}

std::string_view name(OutReason reason) {
  switch (reason) {
    case OutReason::died: return "died or hung, its guard said";
    case OutReason::differs: return "runs another configuration";
    case OutReason::deaf: return "does not hear this node";
    case OutReason::never: return "was never heard";
    case OutReason::silent: return "lost: fell silent for longer than stale";
    case OutReason::left: return "said that it leaves, and fell silent";
    case OutReason::leaving: return "stops or is drained, it says";
    case OutReason::inactive: return "is inactive, it says";
  }
  VIPPY_ASSERT(false && "unknown OutReason");
}

}  // namespace vippy::core
