// What each node of the cluster is and has, by its own word, in the numbers of our configuration.
//
// Purpose: announcements of protocol 2 (and 1) in, one NodeFacts a node out: what allot() and
//          should_hold() judge by.
// Purity:  a value; no clock (silence is membership.h's, freshness is counted in messages).
// Bounds:  kNodesMax peers; the last kKnownMax configurations are remembered; O(groups) for an
//          announcement that says something new.
// Errors:  verdicts; an announcement under a configuration whose contents are not known keeps
//          the claims that were known before.
// Source:  docs/protocol.md, "Protocol 2: ownership and hand-over".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "core/allot.h"
#include "core/claims.h"
#include "core/hearing.h"

namespace vippy::core {

class View {
 public:
  static constexpr std::size_t kKnownMax = 8;

  struct News {
    Verdict verdict = Verdict::unproven;
    bool counts = false;   // says that it is active
    bool changed = false;  // something that decisions go by
    bool is_whole = false;  // it is about the node; else only about take_changed()
  };

  void begin(std::string_view self, SessionId session) { hearing_.begin(self, session); }
  // The configuration in force. Nodes that stay keep what is known of them.
  void configure(const Prepared& prepared);
  // The contents of a configuration that a peer runs.
  void learn(const Prepared& prepared);
  [[nodiscard]] bool knows(ContentDigest digest) const;

  News hear(std::size_t peer, const Sender& sender, const Beat& beat,
            const IpAddress& source = {});
  // An announcement of protocol 1.
  News hear_plain(std::size_t peer, bool is_active);
  void fell_silent(std::size_t peer);
  // The groups of which a node announced something else since this was last asked.
  [[nodiscard]] BitSet take_changed() { return std::exchange(changed_, BitSet(changed_.size())); }

  // Our own part of the picture.
  void set_self(std::optional<std::size_t> self, const NodeFacts& facts);

  [[nodiscard]] std::span<const NodeFacts> facts() const { return facts_; }
  // Runs our version with other contents: given nothing, and what it holds is left to it.
  [[nodiscard]] bool is_outsider(std::size_t peer) const { return peers_[peer].is_outsider; }
  // Announced as active, whatever contents it has?
  [[nodiscard]] bool says_active(std::size_t peer) const { return peers_[peer].says_active; }
  [[nodiscard]] bool is_leaving(std::size_t peer) const { return peers_[peer].is_leaving; }
  // Were the last words heard of it its guard's?
  [[nodiscard]] bool is_given_up(std::size_t peer) const { return peers_[peer].is_given_up; }
  // Was anything heard of it since it was last silent?
  [[nodiscard]] bool is_heard(std::size_t peer) const { return peers_[peer].is_heard; }
  // Does the peer speak protocol 2?
  [[nodiscard]] bool speaks_2(std::size_t peer) const { return peers_[peer].speaks_2; }
  [[nodiscard]] bool has_plain_peers() const;
  [[nodiscard]] bool has_outsiders() const;
  // Groups that the sender has, in the numbers of ours: every group when its configuration is not
  // known. Nothing is remembered of it.
  [[nodiscard]] BitSet may_have(const Beat& beat);
  // Groups that some other node holds.
  [[nodiscard]] BitSet held_by_others() const;

  [[nodiscard]] Hearing& hearing() { return hearing_; }
  [[nodiscard]] const Hearing& hearing() const { return hearing_; }

 private:
  struct Known {
    std::shared_ptr<const Derived> derived;
    std::optional<ClaimMap> map;  // to ours; made when it is first needed
  };
  struct Peer {
    NodeId id = 0;
    BitSet claims;
    BitSet refusals;
    BitSet parts;
    // As last announced, and by which configuration: what is the same needs no mapping.
    BitSet said_claims;
    BitSet said_refusals;
    BitSet said_parts;
    ContentDigest said_digest = 0;
    bool is_mapped = false;  // what was said last is in the numbers of ours
    bool says_active = false;
    bool is_outsider = false;
    bool is_leaving = false;
    bool is_given_up = false;
    bool speaks_2 = false;
    bool is_heard = false;
  };

  [[nodiscard]] bool is_in_our_numbers(const Beat& beat) const;
  // Null: its contents are not known. Good until the next configuration or learn().
  [[nodiscard]] const ClaimMap* map_from(ContentDigest digest);
  bool translate(Peer& peer, const Beat& beat);
  // What the peer said in protocol 2 holds no more.
  static void forget(Peer& peer);
  void point_at_sets(std::size_t peer);

  Hearing hearing_;
  std::shared_ptr<const Shared> shared_;
  std::shared_ptr<const Derived> derived_;
  std::vector<Known> known_;
  std::vector<Peer> peers_;
  std::vector<NodeFacts> facts_;
  BitSet changed_;
  std::optional<std::size_t> self_;
};

}  // namespace vippy::core
