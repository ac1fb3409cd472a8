#include "core/view.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace vippy::core {

void View::configure(const Prepared& prepared) {
  shared_ = prepared.shared;
  const auto before = std::exchange(derived_, prepared.derived);
  hearing_.configure(shared_->nodes);
  for (auto& known : known_) known.map.reset();
  learn(prepared);
  const ClaimMap from_before = before ? ClaimMap(*before, *derived_) : ClaimMap();
  const auto peers_before = std::exchange(peers_, {});
  const auto facts_before = std::exchange(facts_, {});
  for (const auto& name : shared_->nodes) {
    const auto id = node_id(name);
    const auto found = std::find_if(peers_before.begin(), peers_before.end(),
                                    [&](const Peer& peer) { return peer.id == id; });
    auto& peer = peers_.emplace_back();
    facts_.emplace_back();
    peer.id = id;
    peer.claims = BitSet(shared_->groups.size());
    if (found == peers_before.end()) continue;
    peer = *found;
    facts_.back() = facts_before[static_cast<std::size_t>(found - peers_before.begin())];
    peer.claims = from_before.map(found->claims);
    peer.refusals = found->refusals.size() == 0 ? BitSet() : from_before.map(found->refusals);
    peer.parts = found->parts.size() == 0 ? BitSet() : from_before.map(found->parts);
    peer.is_mapped = false;
    peer.is_outsider = false;
  }
  self_.reset();
  changed_ = BitSet(shared_->groups.size());
  for (std::size_t i = 0; i < peers_.size(); ++i) point_at_sets(i);
}

void View::point_at_sets(std::size_t index) {
  const auto& peer = peers_[index];
  auto& facts = facts_[index];
  facts.claims = &peer.claims;
  facts.refusals = peer.refusals.size() == 0 ? nullptr : &peer.refusals;
  facts.parts = peer.parts.size() == 0 ? nullptr : &peer.parts;
}

void View::learn(const Prepared& prepared) {
  if (knows(prepared.derived->digest)) return;
  if (known_.size() == kKnownMax) known_.erase(known_.begin());
  known_.push_back({prepared.derived, std::nullopt});
}

bool View::knows(ContentDigest digest) const {
  return std::any_of(known_.begin(), known_.end(),
                     [&](const Known& known) { return known.derived->digest == digest; });
}

bool View::is_in_our_numbers(const Beat& beat) const {
  return beat.digest == derived_->digest && beat.claims.size() == shared_->groups.size();
}

const ClaimMap* View::map_from(ContentDigest digest) {
  const auto known = std::find_if(known_.begin(), known_.end(), [&](const Known& one) {
    return one.derived->digest == digest;
  });
  if (known == known_.end()) return nullptr;
  if (!known->map) known->map = ClaimMap(*known->derived, *derived_);
  return &*known->map;
}

BitSet View::may_have(const Beat& beat) {
  if (is_in_our_numbers(beat)) return beat.claims;
  const auto* map = map_from(beat.digest);
  return map != nullptr ? map->map(beat.claims) : BitSet::all(shared_->groups.size());
}

// Takes over what the peer holds and refuses; false when it is what was known.
bool View::translate(Peer& peer, const Beat& beat) {
  const bool is_same = peer.is_mapped && peer.said_digest == beat.digest &&
                       peer.said_claims == beat.claims && peer.said_parts == beat.parts &&
                       peer.said_refusals == beat.refusals;
  if (is_same) return false;
  peer.said_digest = beat.digest;
  peer.said_claims = beat.claims;
  peer.said_refusals = beat.refusals;
  peer.said_parts = beat.parts;
  const bool has_our_numbers = is_in_our_numbers(beat);
  const auto* map = has_our_numbers ? nullptr : map_from(beat.digest);
  peer.is_mapped = has_our_numbers || map != nullptr;
  if (!peer.is_mapped) return false;
  const auto in_our_numbers = [&](const BitSet& said) {
    if (said.size() == 0) return BitSet();
    return has_our_numbers ? said : map->map(said);
  };
  const auto replace = [&](BitSet& known_set, BitSet said) {
    changed_.add_difference(known_set, said);
    known_set = std::move(said);
  };
  replace(peer.claims, has_our_numbers ? beat.claims : map->map(beat.claims));
  replace(peer.refusals, in_our_numbers(beat.refusals));
  replace(peer.parts, in_our_numbers(beat.parts));
  return true;
}

View::News View::hear(std::size_t index, const Sender& sender, const Beat& beat,
                      const IpAddress& source) {
  News news{hearing_.hear(index, sender, beat, source)};
  if (news.verdict != Verdict::believed) return news;
  auto& peer = peers_[index];
  auto& facts = facts_[index];
  const auto before = facts;
  const bool was_leaving = std::exchange(peer.is_leaving, beat.is_leaving);
  peer.is_given_up = beat.is_will;
  const bool said_active = std::exchange(peer.says_active, beat.is_active);
  peer.speaks_2 = peer.is_heard = true;
  const bool is_outsider = beat.version == shared_->version && beat.digest != derived_->digest;
  const bool was_outsider = std::exchange(peer.is_outsider, is_outsider);
  news.counts = beat.is_active;
  facts.is_active = news.counts && !peer.is_outsider;
  facts.is_settled = beat.is_settled;
  facts.is_taken_at_its_word = false;
  const bool is_translated = translate(peer, beat);
  point_at_sets(index);
  news.is_whole = facts.is_active != before.is_active ||
                  facts.is_settled != before.is_settled ||
                  facts.is_taken_at_its_word != before.is_taken_at_its_word ||
                  was_leaving != peer.is_leaving || was_outsider != peer.is_outsider ||
                  said_active != peer.says_active;
  news.changed = is_translated || news.is_whole;
  return news;
}

void View::forget(Peer& peer) {
  peer.claims.clear();
  peer.refusals = peer.parts = {};
  peer.says_active = peer.is_mapped = peer.is_outsider = peer.is_leaving = false;
  peer.speaks_2 = false;
}

View::News View::hear_plain(std::size_t index, bool is_active) {
  auto& facts = facts_[index];
  const bool changed = facts.is_active != is_active || !facts.is_taken_at_its_word;
  auto& peer = peers_[index];
  forget(peer);
  peer.is_given_up = false;
  peer.is_heard = true;
  facts = {is_active, true, true, &peer.claims, nullptr, nullptr};
  return {Verdict::believed, is_active, changed, changed};
}

void View::fell_silent(std::size_t index) {
  hearing_.fell_silent(index);
  auto& peer = peers_[index];
  forget(peer);
  peer.is_heard = false;
  facts_[index] = {false, false, false, &peer.claims, nullptr, nullptr};
}

void View::set_self(std::optional<std::size_t> self, const NodeFacts& facts) {
  self_ = self;
  if (self) facts_[*self] = facts;
}

bool View::has_plain_peers() const {
  return std::any_of(facts_.begin(), facts_.end(), [](const NodeFacts& facts) {
    return facts.is_active && facts.is_taken_at_its_word;
  });
}

bool View::has_outsiders() const {
  return std::any_of(peers_.begin(), peers_.end(),
                     [](const Peer& peer) { return peer.is_outsider; });
}

BitSet View::held_by_others() const {
  BitSet out(shared_ ? shared_->groups.size() : 0);
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (i == self_) continue;
    out |= peers_[i].claims;
    if (peers_[i].parts.size() != 0) out |= peers_[i].parts;
  }
  return out;
}

}  // namespace vippy::core
