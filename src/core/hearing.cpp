#include "core/hearing.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace vippy::core {

void Hearing::begin(std::string_view self, SessionId session) {
  own_id_ = node_id(self);
  // Zero would read as "nothing heard" in an echo.
  own_ = {.session = static_cast<std::uint32_t>(session) == 0 ? session | 1U : session};
}

void Hearing::configure(const std::vector<std::string>& nodes) {
  const auto before = std::exchange(peers_, {});
  const auto known = std::exchange(index_, {});
  self_.reset();
  for (const auto& name : nodes) {
    const auto id = node_id(name);
    const auto found = known.find(id);
    if (id == own_id_) self_ = peers_.size();
    index_[id] = peers_.size();
    peers_.push_back(found == known.end() ? Peer{.id = id} : before[found->second]);
  }
  std::erase_if(formers_, [&](const Former& one) { return index_.contains(one.id); });
  for (const auto& peer : before) {
    if (index_.contains(peer.id) || !peer.session.is_proven()) continue;
    if (formers_.size() == kFormersMax) formers_.erase(formers_.begin());
    formers_.push_back({peer.id, peer.session, own_.sequence + kFormerEchoes});
  }
}

void Hearing::hear_former(const Sender& sender, const Beat& beat) {
  for (auto& former : formers_) {
    if (former.id == sender.node) former.session.judge(sender, echo_of_us(beat), own_);
  }
}

std::optional<std::size_t> Hearing::find(NodeId node) const {
  const auto found = index_.find(node);
  if (found == index_.end()) return std::nullopt;
  return found->second;
}

Sender Hearing::next_sender() { return {own_id_, own_.session, ++own_.sequence}; }

void Hearing::echo_into(Beat& beat) {
  beat.echoes.clear();
  beat.view = BitSet(peers_.size());
  for (const auto& peer : peers_) beat.echoes.push_back(peer.session.echo());
  beat.candidates.clear();
  std::erase_if(formers_, [&](const Former& one) { return own_.sequence >= one.until; });
  const auto append = [&](const Former& one) {
    const auto echo = one.session.echo();
    if (echo.session != 0) beat.candidates.push_back(echo);
  };
  for (const auto& former : formers_) append(former);
  if (own_.sequence < namesake_.until) append(namesake_);
  // In turn, so that one peer's candidates cannot keep another's from being proven.
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    peers_[(next_candidate_ + i) % peers_.size()].session.append_candidates(beat.candidates);
  }
  if (beat.candidates.size() <= kCandidateEchoesMax) return;
  beat.candidates.resize(kCandidateEchoesMax);
  next_candidate_ = (next_candidate_ + 1) % peers_.size();
}

Echo Hearing::echo_of_us(const Beat& beat) const {
  const auto session = static_cast<std::uint32_t>(own_.session);
  const auto is_ours = [&](const Echo& echo) { return echo.session == session; };
  const auto candidate = std::find_if(beat.candidates.begin(), beat.candidates.end(), is_ours);
  if (candidate != beat.candidates.end()) return *candidate;
  // A peer of another configuration numbers the nodes otherwise: look for our session anywhere.
  const auto found = std::find_if(beat.echoes.begin(), beat.echoes.end(), is_ours);
  return found == beat.echoes.end() ? Echo{} : *found;
}

bool Hearing::is_live(const Beat& beat) const {
  return std::any_of(peers_.begin(), peers_.end(), [&](const Peer& peer) {
    const auto heard = peer.session.echo();
    return peer.session.is_proven() && heard.session != 0 &&
           std::find(beat.echoes.begin(), beat.echoes.end(), heard) != beat.echoes.end();
  });
}

bool Hearing::hear_namesake(const Sender& sender, const Beat& beat) {
  if (own_.sequence >= namesake_.until) namesake_.session = {};
  namesake_.until = own_.sequence + kFormerEchoes;
  static_cast<void>(namesake_.session.judge(sender, echo_of_us(beat), own_));
  return is_live(beat) || proves(beat);
}

Verdict Hearing::hear(std::size_t index, const Sender& sender, const Beat& beat,
                      const IpAddress& source) {
  VIPPY_ASSERT(index < peers_.size() && index != self_);
  auto& peer = peers_[index];
  const auto of_us = echo_of_us(beat);
  const auto verdict = peer.session.judge(sender, of_us, own_, source);
  if (verdict != Verdict::believed) return verdict;
  // Whoever hears us echoes us freshly. (Our echo to it is renewed all the same: it may have lost
  // us as we have lost it.)
  if (!is_fresh(of_us, own_)) return Verdict::deaf;
  // What we said while it took us for deaf it has echoed and not gone by.
  if (!peer.latest) peer.heeds_from = own_.sequence + 1;
  peer.latest = beat;
  peer.echoes_us = of_us;
  peer.said_latest = sender;
  return verdict;
}

bool Hearing::repeats_latest(std::size_t index, const Sender& sender) const {
  const auto& peer = peers_[index];
  return peer.latest && peer.said_latest == sender;
}

void Hearing::add_source(std::size_t peer, const IpAddress& source) {
  peers_[peer].session.add_source(source);
}

Verdict Hearing::hear_other(std::size_t index, const Sender& sender) {
  VIPPY_ASSERT(index < peers_.size() && index != self_);
  return peers_[index].session.judge(sender, {}, own_);
}

void Hearing::fell_silent(std::size_t index) {
  auto& peer = peers_[index];
  peer.session.fell_silent();
  peer.latest.reset();
}

bool Hearing::has_heeded(std::size_t index, std::uint64_t number) const {
  const auto& peer = peers_[index];
  if (!peer.latest) return true;
  auto own = own_;
  own.fresh_since = std::max(number, peer.heeds_from);
  return own.fresh_since <= own.sequence && is_fresh(peer.echoes_us, own);
}

const Beat* Hearing::latest(std::size_t peer) const {
  const auto& beat = peers_[peer].latest;
  return beat ? &*beat : nullptr;
}

}  // namespace vippy::core
