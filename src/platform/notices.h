// What the platform wants said: kept until delivered, the repetitive kind at a bounded rate.
//
// Purpose: nothing is lost silently and nothing floods the log.
// Purity:  no clock: time is handed in.
// Bounds:  kNoticesMax undelivered texts and kNoticeKeysMax rate-limited subjects; what does not
//          fit is counted and the count is said.
// Order:   first said, first delivered.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>

#include "core/time.h"

namespace vippy::platform {

inline constexpr std::size_t kNoticesMax = 64;
inline constexpr std::size_t kNoticeKeysMax = 256;
inline constexpr core::Duration kNoticePause = std::chrono::seconds(10);

struct NoticeText {
  bool is_warning = false;
  std::string text;
};

class Notices {
 public:
  void say(bool is_warning, std::string text);

  // A warning about something that may happen for every packet. The first of a `key` is said at
  // once, then at most one per kNoticePause, with the number of those left out.
  void warn_limited(const std::string& key, const std::string& text, core::Instant now);

  // The oldest undelivered text; false when there is none.
  [[nodiscard]] bool take(NoticeText& out);
  [[nodiscard]] bool empty() const { return waiting_.empty(); }

 private:
  struct Subject {
    core::Instant said{};
    std::uint64_t left_out = 0;
  };
  std::deque<NoticeText> waiting_;
  std::uint64_t dropped_ = 0;
  std::map<std::string, Subject> subjects_;
};

}  // namespace vippy::platform
