#include "core/reminders.h"

#include <algorithm>

namespace vippy::core {

bool Reminder::is_due(const IpAddress& source, Instant now) {
  if (!last || now - *last >= kForgetAfter) since = now;
  last = std::max(now, last.value_or(now));
  if (said_at && now - *said_at < kRemindEvery) return false;
  said_at = now;
  who = format(source);
  return true;
}

Reminders::Entry& Reminders::place_for(const IpAddress& source, Instant now) {
  const auto known = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.source == source; });
  if (known != entries_.end()) {
    if (is_over(*known, now)) known->since = now;
    return *known;
  }
  if (entries_.size() < kRemindedHostsMax) {
    return entries_.emplace_back(Entry{source, now, now, now - kRemindEvery});
  }
  auto& oldest = *std::min_element(
      entries_.begin(), entries_.end(),
      [](const Entry& left, const Entry& right) { return left.last < right.last; });
  oldest = {source, now, now, oldest.said_at};
  return oldest;
}

bool Reminders::is_due(const IpAddress& source, Instant now) {
  auto& entry = place_for(source, now);
  entry.last = std::max(entry.last, now);
  if (now - entry.said_at < kRemindEvery) return false;
  entry.said_at = now;
  return true;
}

}  // namespace vippy::core
