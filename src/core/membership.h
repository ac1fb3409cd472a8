// Who is there: the peers as their announcements show them, each with its own deadline.
//
// Purpose: turn announcements and silence into "active" or not, node by node.
// Purity:  no clock, no allocation after configure(). Every call is handed `now`.
// Units:   Instant and Duration (nanoseconds, monotonic).
// Bounds:  at most kNodesMax peers; O(1) a call, O(nodes) for expire() and next_expiry().
// Errors:  none. An index that is no node is asserted: the caller looks names up with find().
// Order:   receipt times may lie before `now` (the kernel's), never after it.
// Source:  docs/protocol.md, "Members". A node is active when its latest announcement is at most
//          `stale` old and said so. Staleness has its own deadline: nobody need speak for it.
//
// Nodes of the reference fall silent about deciding ("immature") whenever their configuration
// changes, while they keep their addresses. A peer that turns inactive in the very announcement in
// which its version rises is therefore still counted as active for `mature`: nothing moves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.h"
#include "core/worst.h"

namespace vippy::core {

struct MembershipTuning {
  Duration stale{};
  Duration mature{};
  Duration interval{};
};

class Membership {
 public:
  enum class Change : std::uint8_t {
    none,
    became_active,    // was known to be inactive
    returned_active,  // was silent for `stale` and speaks as active: a split may have healed
    left,             // said that it is not active
  };

  // Peers that stay in `nodes` keep what is known of them.
  void configure(const std::vector<std::string>& nodes, std::string_view self,
                 const MembershipTuning& tuning);

  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;
  [[nodiscard]] std::optional<std::size_t> self() const { return self_; }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }

  // A believed announcement of a peer (not of ourselves).
  Change heard(std::size_t peer, bool says_active, std::uint64_t version, Instant received);

  // Peers that were active and are silent for `stale` by `now`; each is reported once.
  void expire(Instant now, std::vector<std::size_t>& silent);

  // The earliest instant at which expire() would report somebody; Instant::max() if never.
  [[nodiscard]] Instant next_expiry() const;

  // Does the peer count as active? Our own entry is always false: the caller knows better.
  [[nodiscard]] bool is_active(std::size_t peer) const { return peers_[peer].is_active; }
  [[nodiscard]] bool is_silent(std::size_t peer) const { return peers_[peer].is_silent; }
  // Fell silent while it was active, and was not active since?
  [[nodiscard]] bool was_lost(std::size_t peer) const { return peers_[peer].was_lost; }
  [[nodiscard]] bool is_outdated(std::size_t peer) const { return peers_[peer].outdated_noted; }
  [[nodiscard]] bool any_active() const;
  // We came late ourselves by so much: perhaps all did. When that is more than any jitter, whoever
  // is not silent by now is given the time as well, and after a lateness of `stale` or more one
  // `stale` from `now`: not all wake at the same time. Of our own time awake no more than one
  // `stale` is given to a peer until it is heard again, however often we are late.
  void excuse(Duration late_by, Instant now);
  // Did some peer speak on after `since`, without a pause as long as `stale`, for so long that it
  // may have found us silent by now? It excuses us for its own pauses as we do for ours.
  [[nodiscard]] bool any_ran_on(Instant since) const;
  // Was every other node heard after `since`?
  [[nodiscard]] bool all_heard_since(Instant since) const;
  [[nodiscard]] std::optional<Instant> heard_last(std::size_t peer) const;
  // Between two announcements of the peer while it was not silent, at the worst, lately.
  [[nodiscard]] Worst::Noted longest_gap(std::size_t peer, Instant now) const {
    return peers_[peer].gaps.worst(now);
  }
  [[nodiscard]] const std::string& name(std::size_t peer) const { return peers_[peer].name; }

  // Once per peer until it speaks properly again: true the first time it is asked.
  bool note_outdated(std::size_t peer);

 private:
  struct Peer {
    std::string name;
    std::optional<Instant> heard_last;
    Instant speaks_since{};  // without a pause longer than `stale`
    Duration last_pause{};  // the last one that was longer than it should be
    Instant last_pause_at{};
    Instant excused_at{};
    Duration given{};  // of our time awake, since it was heard
    std::optional<Instant> changing_until;  // counted as active although it says otherwise
    std::uint64_t version = 0;
    Worst gaps;
    bool is_active = false;
    bool is_silent = true;  // never heard, or not for `stale`
    bool was_lost = false;  // fell silent while active, and was not active since
    bool outdated_noted = false;
  };

  [[nodiscard]] Instant deadline(const Peer& peer) const;
  // More than any jitter.
  [[nodiscard]] bool is_worth_excusing(Duration late_by) const;

  std::vector<Peer> peers_;
  std::optional<std::size_t> self_;
  MembershipTuning tuning_;
};

}  // namespace vippy::core
