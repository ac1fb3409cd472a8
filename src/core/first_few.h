// Few lines for many like things: the first ones are said, the rest is counted.
//
// Purpose: thousands of addresses that come together do not write thousands of lines.
// Purity:  no clock; `now` is handed in.
// Units:   Instant, Duration.
// Bounds:  kSaid lines in kWithin, and one that sums up.
// Errors:  none.
#pragma once

#include <cstddef>
#include <utility>

#include "core/time.h"

namespace vippy::core {

class FirstFew {
 public:
  static constexpr std::size_t kSaid = 8;
  static constexpr Duration kWithin = std::chrono::seconds(1);

  // Is this one to be said? Else it is one of the rest. The rest of before is to be taken first.
  bool is_said(Instant now) {
    if (now >= until_) {
      until_ = now + kWithin;
      said_ = 0;
    }
    if (said_ < kSaid) {
      ++said_;
      return true;
    }
    ++rest_;
    return false;
  }
  // How many were not said, once their time is over.
  [[nodiscard]] std::size_t take_rest(Instant now) {
    return now < until_ ? 0 : std::exchange(rest_, 0);
  }
  [[nodiscard]] Instant next_deadline() const { return rest_ > 0 ? until_ : Instant::max(); }

 private:
  Instant until_ = Instant::min();
  std::size_t said_ = 0;
  std::size_t rest_ = 0;
};

}  // namespace vippy::core
