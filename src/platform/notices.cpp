#include "platform/notices.h"

#include <utility>

namespace vippy::platform {

void Notices::say(bool is_warning, std::string text) {
  if (waiting_.size() >= kNoticesMax) {
    ++dropped_;
    return;
  }
  waiting_.push_back({is_warning, std::move(text)});
}

void Notices::warn_limited(const std::string& key, const std::string& text, core::Instant now) {
  const auto found = subjects_.find(key);
  if (found == subjects_.end()) {
    if (subjects_.size() >= kNoticeKeysMax) subjects_.erase(subjects_.begin());
    subjects_.emplace(key, Subject{now, 0});
    say(true, text);
    return;
  }
  auto& subject = found->second;
  if (now - subject.said < kNoticePause) {
    ++subject.left_out;
    return;
  }
  std::string more;
  if (subject.left_out != 0) more = " (and " + std::to_string(subject.left_out) + " times before)";
  subject = {now, 0};
  say(true, text + more);
}

bool Notices::take(NoticeText& out) {
  if (waiting_.empty()) return false;
  out = std::move(waiting_.front());
  waiting_.pop_front();
  if (dropped_ != 0 && waiting_.empty()) {
    say(true, std::to_string(std::exchange(dropped_, 0)) + " more notices did not fit");
  }
  return true;
}

}  // namespace vippy::platform
