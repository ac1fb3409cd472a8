#include "core/sessions.h"

#include <algorithm>

#include "core/limits.h"

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

Verdict PeerSession::judge(const Sender& sender, const Echo& echo, const OwnVoice& own,
                           const IpAddress& source) {
  if (proven_ && proven_->session == sender.session) {
    if (sender.sequence <= proven_->sequence) return Verdict::replayed;
    proven_->sequence = sender.sequence;
    was_heard_ = true;
    if (is_fresh(echo, own)) {
      hears_us_ = true;
      add_source(source);
    }
    return Verdict::believed;
  }
  if (may_be_late(sender.session, echo)) return Verdict::replayed;
  const bool is_proof = is_fresh(echo, own);
  if (is_proof && !is_elsewhere(source)) {
    prove(sender, own, source);
    return Verdict::believed;
  }
  wait_for_proof(sender, own);
  return is_proof ? Verdict::namesake : Verdict::unproven;
}

void PeerSession::prove(const Sender& sender, const OwnVoice& own, const IpAddress& source) {
  if (proven_) retired_[retired_count_++ % kRetiredMax] = {proven_->session, own.sequence};
  proven_ = {sender.session, sender.sequence};
  candidates_.clear();
  tried_.clear();
  sources_.clear();
  add_source(source);
  was_heard_ = hears_us_ = true;
}

void PeerSession::wait_for_proof(const Sender& sender, const OwnVoice& own) {
  Candidate candidate{{sender.session, sender.sequence}, own.sequence, 0};
  const auto known =
      std::find_if(candidates_.begin(), candidates_.end(),
                   [&](const Candidate& one) { return one.session == sender.session; });
  if (known != candidates_.end()) {
    if (sender.sequence <= known->sequence) return;
    candidate.since = known->since;
    candidate.before = known->before;
    candidates_.erase(known);
  } else if (const auto* tried = find_tried(sender.session)) {
    candidate.before = tried->at;
  }
  if (candidates_.size() == kCandidatesMax) {
    const auto served = std::max_element(
        candidates_.begin(), candidates_.end(), [&](const Candidate& one, const Candidate& other) {
          return one.last_turn(own) < other.last_turn(own);
        });
    if (candidate.before >= served->last_turn(own)) return;
    note_turn({served->session, served->last_turn(own)});
    candidates_.erase(served);
  }
  candidates_.insert(candidates_.begin(), candidate);
}

PeerSession::Moment* PeerSession::find_tried(SessionId session) {
  const auto found = std::find_if(tried_.begin(), tried_.end(),
                                  [&](const Moment& one) { return one.session == session; });
  return found == tried_.end() ? nullptr : &*found;
}

void PeerSession::note_turn(const Moment& turn) {
  if (auto* known = find_tried(turn.session)) {
    *known = turn;
  } else if (tried_.size() < kTriedMax) {
    tried_.push_back(turn);
  } else {
    tried_[next_tried_++ % kTriedMax] = turn;
  }
}

void PeerSession::add_source(const IpAddress& source) {
  if (source.is_unspecified() || this->source() == source) return;
  std::erase(sources_, source);
  if (sources_.size() == kChatPathsMax) sources_.erase(sources_.begin());
  sources_.push_back(source);
}

IpAddress PeerSession::source() const { return sources_.empty() ? IpAddress() : sources_.back(); }

// Would it be a second host under the name? What was silent may have come back from elsewhere.
bool PeerSession::is_elsewhere(const IpAddress& source) const {
  if (!hears_us_ || source.is_unspecified() || sources_.empty()) return false;
  return std::find(sources_.begin(), sources_.end(), source) == sources_.end();
}

// Is it a message of a session that was followed by another one, sent before that for all we know?
bool PeerSession::may_be_late(SessionId session, const Echo& echo) const {
  const auto kept = std::min(retired_count_, kRetiredMax);
  for (std::size_t back = 1; back <= kept; ++back) {
    const auto& one = retired_[(retired_count_ - back) % kRetiredMax];
    if (one.session != session) continue;
    // Low halves: the sign of the difference tells the order.
    return static_cast<std::int32_t>(echo.sequence - static_cast<std::uint32_t>(one.at)) <= 0;
  }
  return false;
}

Echo PeerSession::echo() const {
  if (proven_ && was_heard_) return echo_of(proven_->session, proven_->sequence);
  if (proven_ || candidates_.empty()) return {};
  return echo_of(candidates_.front().session, candidates_.front().sequence);
}

void PeerSession::append_candidates(std::vector<Echo>& out) const {
  const std::size_t shown = proven_ ? 0 : 1;  // the first one is in echo()
  for (std::size_t i = shown; i < candidates_.size(); ++i) {
    out.push_back(echo_of(candidates_[i].session, candidates_[i].sequence));
  }
}

}  // namespace vippy::core
