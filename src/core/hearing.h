// What we hear of each peer in protocol 2, and how we number what we say.
//
// Purpose: sessions, echoes and the latest announcement of every peer in one place: who is heard,
//          who hears us, who holds what.
// Purity:  a value; no clock (freshness is counted in our own messages, silence is judged by
//          membership.h).
// Bounds:  kNodesMax peers; O(1) for a message, O(nodes) for an announcement of ours.
// Errors:  verdicts; an unknown node is nullopt from find().
// Source:  docs/protocol.md, "Protocol 2: sessions".
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/sessions.h"
#include "core/wire2.h"

namespace vippy::core {

class Hearing {
 public:
  // A new start: `session` must be random.
  void begin(std::string_view self, SessionId session);
  // Nodes that stay keep what was heard of them.
  void configure(const std::vector<std::string>& nodes);
  // An echo of our message `since` or a later one shows that we are heard.
  void set_fresh(std::uint64_t since) { own_.fresh_since = since; }

  [[nodiscard]] std::optional<std::size_t> find(NodeId node) const;
  [[nodiscard]] bool is_self(NodeId node) const { return node == own_id_; }
  [[nodiscard]] NodeId own_id() const { return own_id_; }
  [[nodiscard]] SessionId own_session() const { return own_.session; }
  [[nodiscard]] std::uint64_t own_sequence() const { return own_.sequence; }

  // Numbers our next message.
  Sender next_sender();
  // What our next announcement echoes: a slot for each node, and one new session beside them.
  void echo_into(Beat& beat);

  // Did its sender hear us lately? No recording did.
  [[nodiscard]] bool proves(const Beat& beat) const { return is_fresh(echo_of_us(beat), own_); }
  [[nodiscard]] bool proves(const Echo& echo) const { return is_fresh(echo, own_); }
  // An announcement under our own name: does its sender hear the others now? Then it is another
  // host with our name, and no recording of ours.
  [[nodiscard]] bool is_live(const Beat& beat) const;
  // An authentic announcement under our name that is not ours. True when it was said now, so that
  // another host has our name: it hears the others now, or us, which is why it is echoed.
  bool hear_namesake(const Sender& sender, const Beat& beat);

  // An authentic announcement of a peer. Believed ones replace what was known of it: what it says
  // freshly echoes us, so that it was said now, and hears us.
  Verdict hear(std::size_t peer, const Sender& sender, const Beat& beat,
               const IpAddress& source = {});
  // Is it the latest believed announcement once more?
  [[nodiscard]] bool repeats_latest(std::size_t peer, const Sender& sender) const;
  // The peer announces from there, too.
  void add_source(std::size_t peer, const IpAddress& source);
  // Where the peer was heard last.
  [[nodiscard]] IpAddress source(std::size_t peer) const { return peers_[peer].session.source(); }
  // An authentic message without echoes (fragment, request): only of a proven session.
  Verdict hear_other(std::size_t peer, const Sender& sender);
  void fell_silent(std::size_t peer);
  // A node that our configuration has left out a moment ago: it is echoed for a while, so that it
  // believes what it hears of the new configuration.
  void hear_former(const Sender& sender, const Beat& beat);

  // Had the peer heard and believed our message of this number, or a later one, when it said its
  // latest word? Also true when nothing is known of it.
  [[nodiscard]] bool has_heeded(std::size_t peer, std::uint64_t number) const;
  // The latest believed announcement; null: none since the peer was last silent.
  [[nodiscard]] const Beat* latest(std::size_t peer) const;

 private:
  [[nodiscard]] Echo echo_of_us(const Beat& beat) const;

  struct Peer {
    NodeId id = 0;
    PeerSession session;
    std::optional<Beat> latest;
    Echo echoes_us;                // by it
    std::uint64_t heeds_from = 0;  // the first of our messages that shows that we hear it (again)
    Sender said_latest;
  };

  struct Former {
    NodeId id = 0;
    PeerSession session;
    std::uint64_t until = 0;  // the number of our last message that echoes it
  };
  static constexpr std::size_t kFormersMax = 8;
  static constexpr std::uint64_t kFormerEchoes = 256;

  NodeId own_id_ = 0;
  OwnVoice own_;
  std::vector<Former> formers_;  // the latest last
  Former namesake_;
  std::vector<Peer> peers_;
  std::map<NodeId, std::size_t> index_;
  std::optional<std::size_t> self_;
  std::size_t next_candidate_ = 0;
};

}  // namespace vippy::core
