// The largest of the durations that were noted lately.
//
// Purpose: "how late did it come, at the worst, in the last minute or two?" in two numbers.
// Purity:  a value; `now` is handed in.
// Units:   Duration.
// Bounds:  what was noted is remembered for one to two times kRemember.
#pragma once

#include <algorithm>

#include "core/time.h"

namespace vippy::core {

class Worst {
 public:
  static constexpr Duration kRemember = std::chrono::seconds(60);

  void note(Duration value, Instant now) {
    if (now - began_ >= kRemember) {
      before_ = now - began_ < 2 * kRemember ? latest_ : Duration::zero();
      latest_ = Duration::zero();
      began_ = now;
    }
    latest_ = std::max(latest_, value);
  }
  [[nodiscard]] Duration value() const { return std::max(latest_, before_); }

 private:
  Duration latest_{};
  Duration before_{};
  Instant began_{};
};

}  // namespace vippy::core
