// One real node among peers of which only the voices exist.
//
// Purpose: announcements that a node believes, as many as a benchmark wants, and a peer's loss.
// Purity:  one thread, a clock that only the caller turns, kernels that comply at once.
// Order:   the constructor returns when all peers are believed and every group has its owner.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/keys.h"
#include "core/wire2.h"
#include "tests/core/talking_nodes.h"

namespace vippy::bench {

using Octets = std::vector<std::uint8_t>;

// n000, n001 and so on; each group has one IPv4 address and no preferred node.
[[nodiscard]] core::Config cluster_config(std::size_t nodes, std::size_t groups);

[[nodiscard]] core::Keyring cluster_keys();

[[nodiscard]] Octets encoded(const core::Message& message, const core::Keyring& keys);

class HeardNode {
 public:
  HeardNode(std::size_t nodes, std::size_t groups);

  // The node's own last announcement.
  [[nodiscard]] const core::Message& own_announcement() const { return own_; }
  // The next one of a peer (not 0, which is the node itself); each can be believed once.
  [[nodiscard]] core::Message announcement(std::size_t peer);
  [[nodiscard]] static core::IpAddress address_of(std::size_t peer);

  // One interval later: every peer is heard but `lost`, and the node takes its turn.
  void pass_interval(std::size_t lost = core::kNobody);
  // The last instant at which `peer`, heard until now, is not silent: the next turn after it
  // must see the loss.
  void lose(std::size_t peer);
  // Everybody speaks again, and has back what was lost.
  void recover();
  // Later by the smallest step, with nothing done.
  void move_on() { stepped_.now += core::Duration(1); }

  // The groups that the node takes to be `peer`'s.
  [[nodiscard]] std::size_t owned_by(std::size_t peer) const;
  // Was everything believed that announcement() has made?
  [[nodiscard]] bool believed_all() const;

  core::Node& node() { return stepped_.node; }
  [[nodiscard]] core::Instant now() const { return stepped_.now; }
  // What the node wanted done in a turn that was taken by node().
  void comply_with(core::Actions& actions);

 private:
  struct Voice {
    core::Sender sender;
    core::BitSet claims;
  };
  void turn();
  void claim_what_is_owned();

  core::Config config_;
  core::SteppedNode stepped_;
  core::Message own_;
  std::vector<Voice> voices_;
  std::uint64_t made_ = 0;
};

// Made at the first use and kept: the configuration alone takes nodes x groups hashes.
[[nodiscard]] HeardNode& heard_node(std::size_t nodes, std::size_t groups);

}  // namespace vippy::bench
