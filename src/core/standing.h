// Our standing in the cluster: may we serve, seeing whom we see?
//
// Purpose: a node that is cut off, in a minority, or one of two that do not hear each other while
//          others hear both, must know it and step back.
// Purity:  no clock; `now` is handed in.
// Units:   Instant, Duration.
// Bounds:  O(nodes) when everybody hears everybody, else O(nodes x deaf pairs).
// Errors:  none; a reason to step back, or none.
// Source:  docs/protocol.md, "Protocol 2: who steps back".
//
// Two nodes that do not hear each other both ways are judged alike by both: when a third one counts
// on the other, the one that comes first in `nodes` stays; when nobody counts on it but we hear
// it and it does not hear us, it cannot know of us, and we step back. This waits for `patience`,
// in which ordinary starts, losses and stops sort themselves out.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/bitset.h"
#include "core/config.h"
#include "core/reason.h"
#include "core/time.h"

namespace vippy::core {

// One node as we see it.
struct Sight {
  bool is_heard = false;         // within `stale`
  bool is_active = false;        // says so
  bool hears_us = false;         // by its own word
  const BitSet* view = nullptr;  // whom it counts on; null: not known
};

enum class Witnesses : std::uint8_t { none, unknown, answer, silent };

class Standing {
 public:
  void configure(Isolation isolation, Quorum quorum, Duration patience);
  // Nothing is judged: this node is none of the cluster.
  void reset();

  // Our own entry of `sights` is not looked at.
  [[nodiscard]] std::optional<InactiveReason> judge(std::size_t self,
                                                    std::span<const Sight> sights,
                                                    Witnesses witnesses, Instant now);
  // Must a node that hears nobody let go?
  [[nodiscard]] bool is_strict() const {
    return isolation_ == Isolation::release || quorum_ == Quorum::majority;
  }
  // Nothing may be taken until a witness has answered or has not.
  [[nodiscard]] bool is_waiting() const { return is_waiting_; }
  // Is it the witnesses' word that counts now?
  [[nodiscard]] bool needs_witness() const { return needs_witness_; }
  // When judge() may say something else though nothing was heard.
  [[nodiscard]] Instant next_deadline() const { return next_; }

 private:
  [[nodiscard]] std::optional<InactiveReason> count(std::size_t nodes, std::size_t in_touch,
                                                    Witnesses witnesses);
  enum class Yielding : std::uint8_t { no, as_others_count_on_it, as_it_is_there };
  [[nodiscard]] static Yielding yields_to(std::size_t self, std::size_t other,
                                          std::span<const Sight> sights);
  // Has it held for as long as the patience lasts? Keeps since when.
  bool runs_out(std::optional<Instant>& since, bool holds, Instant now);

  Isolation isolation_ = Isolation::hold;
  Quorum quorum_ = Quorum::none;
  Duration patience_{};
  struct Since {
    std::optional<Instant> counted_on;
    std::optional<Instant> there;
  };
  std::vector<Since> yielding_since_;
  bool is_waiting_ = false;
  bool needs_witness_ = false;
  Instant next_ = Instant::max();
};

}  // namespace vippy::core
