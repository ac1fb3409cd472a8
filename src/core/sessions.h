// Who is speaking now, and not some recording of them: replay protection without clocks.
//
// Purpose: judge every authentic message of a peer by its session, its sequence number and what
//          it echoes of us.
// Purity:  a value for each peer; no clock: freshness is counted in our own messages.
// Bounds:  one proven session with kChatPathsMax addresses and kCandidatesMax candidates for each
//          peer; of candidates that did not prove themselves kTriedMax are remembered.
// Errors:  verdicts, which the caller counts.
// Source:  docs/protocol.md, "Protocol 2: sessions".
//
// A session is random and new at every start, so a message can echo our present session only if
// its sender has heard us since we started. A peer's session is believed once one of its messages
// echoes us freshly: with one of our last few sequence numbers. A recording cannot do that: what
// it echoes is an earlier session of ours, or numbers long past. Within a believed session the
// sequence number must rise, so nothing is believed twice. A session that was followed by another
// one is believed again only if it echoes what we sent after that, however fresh its last messages
// are: a late message of an earlier session may seem to follow the present one. All of this holds
// across restarts of either side, with nothing stored and no clock compared.
//
// Sessions that wait for proof take turns: a candidate is echoed by kTurn of our messages and then
// makes room for one that has waited longer. However many recorded sessions are played, the real
// one has its turn, unless there are more of them than are remembered.
//
// While a session is heard that hears us, another one under the same name counts only if it comes
// from an address of that session: a daemon that was restarted does, a second host that was given
// the name by mistake does not, and would have the node's facts change with every message.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/ip.h"
#include "core/wire2.h"

namespace vippy::core {

enum class Verdict : std::uint8_t {
  believed,  // of the proven session, and newer than everything before it
  unproven,  // of a session that has not shown yet that it hears us: echo it, believe nothing
  replayed,  // of the proven session, but not newer
  deaf,      // of the proven session, but says that it does not hear us: it may be a recording
  namesake,  // of another session that hears us, from elsewhere, while the proven one does, too
};

// Our own side of the echoes.
struct OwnVoice {
  SessionId session = 0;
  std::uint64_t sequence = 0;     // of our last message
  std::uint64_t fresh_since = 0;  // an echo of an older message of ours proves nothing
};

[[nodiscard]] Echo echo_of(SessionId session, std::uint64_t sequence);
[[nodiscard]] inline Echo echo_of(const Sender& sender) {
  return echo_of(sender.session, sender.sequence);
}
// Does the echo show that we were heard lately?
[[nodiscard]] bool is_fresh(const Echo& echo, const OwnVoice& own);

class PeerSession {
 public:
  // `echo`: what the message says that its sender last heard of us. `source`: where it came from;
  // unspecified: not known, which is nowhere else.
  Verdict judge(const Sender& sender, const Echo& echo, const OwnVoice& own,
                const IpAddress& source = {});
  // The proven session announces from there, too.
  void add_source(const IpAddress& source);
  // The address from which the proven session was heard last.
  [[nodiscard]] IpAddress source() const;

  // What we tell the peer that we heard of it: its proven session, else the latest candidate.
  [[nodiscard]] Echo echo() const;
  // Appends what was heard of the sessions that wait for proof, but for the one in echo().
  void append_candidates(std::vector<Echo>& out) const;
  [[nodiscard]] bool is_proven() const { return proven_.has_value(); }
  // The peer has been silent: its session stays believed, its echo is withdrawn.
  void fell_silent() { was_heard_ = hears_us_ = false; }

 private:
  struct Heard {
    SessionId session = 0;
    std::uint64_t sequence = 0;
  };
  struct Moment {  // of a session
    SessionId session = 0;
    std::uint64_t at = 0;  // the number of our last message then
  };
  [[nodiscard]] bool may_be_late(SessionId session, const Echo& echo) const;
  [[nodiscard]] bool is_elsewhere(const IpAddress& source) const;
  void prove(const Sender& sender, const OwnVoice& own, const IpAddress& source);
  void wait_for_proof(const Sender& sender, const OwnVoice& own);
  // Its last turn; null: it never had one.
  [[nodiscard]] Moment* find_tried(SessionId session);
  void note_turn(const Moment& turn);

  // More restarts than this within one freshness window are not told apart from recordings.
  static constexpr std::size_t kRetiredMax = 16;
  std::array<Moment, kRetiredMax> retired_{};
  std::size_t retired_count_ = 0;
  std::optional<Heard> proven_;
  static constexpr std::uint64_t kTurn = 2;  // one may be lost
  struct Candidate : Heard {
    std::uint64_t since = 0;  // the number of our last message before its turn
    std::uint64_t before = 0;  // its last turn before this one
    [[nodiscard]] std::uint64_t last_turn(const OwnVoice& own) const {
      return own.sequence >= since + kTurn ? own.sequence : before;
    }
  };
  // The latest first. Several, so that recordings of old sessions do not displace a real one.
  static constexpr std::size_t kCandidatesMax = 4;
  std::vector<Candidate> candidates_;
  // Of each restart that was recorded there is one session.
  static constexpr std::size_t kTriedMax = 256;
  std::vector<Moment> tried_;  // their last turns; empty unless sessions are many
  std::size_t next_tried_ = 0;
  std::vector<IpAddress> sources_;  // of the proven session, kChatPathsMax; the latest last
  bool was_heard_ = false;
  bool hears_us_ = false;  // it said so since it was last silent
};

}  // namespace vippy::core
