#include "core/sessions.h"

#include <algorithm>

namespace vippy::core {

Echo echo_of(SessionId session, std::uint64_t sequence) {
  return {static_cast<std::uint32_t>(session), static_cast<std::uint32_t>(sequence)};
}

bool is_fresh(const Echo& echo, const OwnVoice& own) {
  if (echo.session != static_cast<std::uint32_t>(own.session)) return false;
  // Low halves: the difference is right as long as it is below 2^32.
  const auto behind = static_cast<std::uint32_t>(own.sequence) - echo.sequence;
  return behind <= own.sequence - std::min(own.fresh_since, own.sequence);
}

Verdict PeerSession::judge(const Sender& sender, const Echo& echo, const OwnVoice& own) {
  if (proven_ && proven_->session == sender.session) {
    if (sender.sequence <= proven_->sequence) return Verdict::replayed;
    proven_->sequence = sender.sequence;
    was_heard_ = true;
    return Verdict::believed;
  }
  if (is_retired(sender.session)) return Verdict::replayed;
  if (is_fresh(echo, own)) {
    if (proven_) retired_[retired_count_++ % kRetiredMax] = proven_->session;
    proven_ = {sender.session, sender.sequence};
    candidate_.reset();
    was_heard_ = true;
    return Verdict::believed;
  }
  const bool is_older = candidate_ && candidate_->session == sender.session &&
                        sender.sequence <= candidate_->sequence;
  if (!is_older) candidate_ = {sender.session, sender.sequence};
  return Verdict::unproven;
}

bool PeerSession::is_retired(SessionId session) const {
  const auto end = retired_.begin() + static_cast<std::ptrdiff_t>(
                                          std::min(retired_count_, kRetiredMax));
  return std::find(retired_.begin(), end, session) != end;
}

Echo PeerSession::echo() const {
  if (proven_ && was_heard_) return echo_of(proven_->session, proven_->sequence);
  if (!proven_ && candidate_) return echo_of(candidate_->session, candidate_->sequence);
  return {};
}

std::optional<Echo> PeerSession::candidate() const {
  if (!proven_ || !candidate_) return std::nullopt;
  return echo_of(candidate_->session, candidate_->sequence);
}

}  // namespace vippy::core
