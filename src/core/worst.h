// The largest of the durations that were noted lately, and when that was.
//
// Purpose: "how late did it come, at the worst, in the last minute or two?" in two numbers.
// Purity:  a value; `now` is handed in.
// Units:   Duration.
// Bounds:  what was noted is remembered for one to two times kRemember, whether or not more comes.
#pragma once

#include <algorithm>

#include "core/time.h"

namespace vippy::core {

class Worst {
 public:
  static constexpr Duration kRemember = std::chrono::seconds(60);

  struct Noted {
    Duration value{};
    Instant at{};
  };

  void note(Duration value, Instant now) {
    if (now - began_ >= kRemember) {
      before_ = now - began_ < 2 * kRemember ? latest_ : Noted{};
      latest_ = {};
      began_ = now;
    }
    if (value > latest_.value) latest_ = {value, now};
  }
  // Zero: nothing was noted that long.
  [[nodiscard]] Noted worst(Instant now) const {
    if (now - began_ >= 2 * kRemember) return {};
    const bool is_latest = now - began_ >= kRemember || latest_.value >= before_.value;
    return is_latest ? latest_ : before_;
  }

 private:
  Noted latest_;
  Noted before_;
  Instant began_{};
};

}  // namespace vippy::core
