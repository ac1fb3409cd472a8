// Something about hosts that repeats itself: what was said of each, and since when.
//
// Purpose: a line in the log is written once in kRemindEvery for each host, and the status lists
//          each for as long as it was seen within kForgetAfter.
// Purity:  no clock; `now` is handed in.
// Units:   Instant, Duration.
// Bounds:  kRemindedHostsMax hosts; then a new one takes the place of the one that was not seen for
//          the longest time, and its turn to be said: so many lines in kRemindEvery at the most,
//          whatever sources are invented. Nothing is allocated after that.
// Errors:  none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/ip.h"
#include "core/limits.h"
#include "core/time.h"

namespace vippy::core {

// What repeats itself is said once in this time.
inline constexpr Duration kRemindEvery = std::chrono::seconds(60);
// It is over when it was not seen for so long.
inline constexpr Duration kForgetAfter = 2 * kRemindEvery;

// Of one host at a time, or of none.
struct Reminder {
  std::optional<Instant> said_at;
  std::string who;
  Instant since{};
  std::optional<Instant> last;
  // True when it is to be said (again); remembers that it was.
  bool is_due(const IpAddress& source, Instant now);
};

// Of each host by itself.
class Reminders {
 public:
  struct Entry {
    IpAddress source;
    Instant since{};
    Instant last{};
    Instant said_at{};
  };

  // True when this host is to be named (again); remembers that it was.
  bool is_due(const IpAddress& source, Instant now);
  // All that were seen, in the order in which they came; is_over() of them are not listed any more.
  [[nodiscard]] const std::vector<Entry>& all() const { return entries_; }
  [[nodiscard]] static bool is_over(const Entry& entry, Instant now) {
    return now - entry.last >= kForgetAfter;
  }

 private:
  Entry& place_for(const IpAddress& source, Instant now);

  std::vector<Entry> entries_;
};

}  // namespace vippy::core
