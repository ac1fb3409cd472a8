// What happened, told in order of time.
//
// Purpose: one form for every explanation: a line each, with its time beside that of the event.
// Units:   Duration of the wall clock.
#pragma once

#include <string>
#include <vector>

#include "tests/support/world.h"

namespace vippy::lab {

[[nodiscard]] double milliseconds(Duration time);

class Timeline {
 public:
  void add(Duration at, std::string text) { entries_.push_back({at, std::move(text)}); }
  // Entries of the same time stay in the order in which they were added.
  [[nodiscard]] std::string text(Duration about) const;

 private:
  struct Entry {
    Duration at{};
    std::string text;
  };
  std::vector<Entry> entries_;
};

}  // namespace vippy::lab
