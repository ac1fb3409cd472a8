// Hosts that are asked whether we are the ones cut off.
//
// Purpose: the gateway, say, answers or does not: a node that hears no other one thereby knows
//          which side of a split it is on.
// Purity:  no clock; `now` is handed in. Questions are appended to `out`.
// Units:   Instant, Duration.
// Bounds:  kWitnessesMax hosts; a question to each every second, and while it is urgent every
//          interval, kAskEveryMin at least.
// Errors:  a witness in no subnet of ours cannot be asked and so is silent.
// Source:  docs/protocol.md, "Protocol 2: who steps back"; core/question.h.
//
// An answer counts for `stale`. When none is that young it is not known what the witnesses would
// say, until they have been asked urgently for `stale`: then they are silent.
#pragma once

#include <optional>
#include <vector>

#include "core/action.h"
#include "core/interfaces.h"
#include "core/neighbours.h"
#include "core/standing.h"
#include "core/time.h"

namespace vippy::core {

class Witness {
 public:
  static constexpr Duration kAskEvery = std::chrono::seconds(1);
  static constexpr Duration kAskEveryMin = std::chrono::milliseconds(1);

  // Hosts that stay keep what is known of them.
  void configure(const std::vector<IpAddress>& hosts, Duration interval, Duration stale);
  void heard(const NeighbourSpoke& answer, Instant received);
  // Asks who is due. `is_urgent`: their word counts now.
  void poll(bool is_urgent, const Neighbours& neighbours, const Interfaces& interfaces,
            Instant now, Actions& out);

  [[nodiscard]] Witnesses verdict(Instant now) const;
  // Of any of them.
  [[nodiscard]] std::optional<Instant> last_answer() const;
  // When somebody is to be asked, or the verdict changes by itself; as of the last poll().
  [[nodiscard]] Instant next_deadline() const { return next_deadline_; }
  struct Account {
    IpAddress host;
    bool answers = false;
  };
  // Those that answered their last questions.
  [[nodiscard]] std::vector<Account> accounts(Instant now) const;

 private:
  struct Host {
    IpAddress address;
    std::optional<Instant> answered_at;
    std::optional<Instant> asked_at;
    std::optional<Mac> mac;
    bool is_missing = false;  // a question was not answered before the next one
  };
  [[nodiscard]] std::size_t find(const IpAddress& host) const;
  [[nodiscard]] Instant earliest(Instant now) const;

  std::vector<Host> hosts_;
  Duration interval_ = kAskEvery;
  Duration stale_{};
  std::optional<Instant> urgent_since_;
  Instant next_deadline_ = Instant::max();
};

}  // namespace vippy::core
