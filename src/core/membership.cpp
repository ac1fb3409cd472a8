#include "core/membership.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"

namespace vippy::core {

void Membership::configure(const std::vector<std::string>& nodes, std::string_view self,
                           const MembershipTuning& tuning) {
  std::vector<Peer> before = std::exchange(peers_, {});
  tuning_ = tuning;
  self_.reset();
  for (const auto& name : nodes) {
    const auto known = std::find_if(before.begin(), before.end(),
                                    [&](const Peer& peer) { return peer.name == name; });
    if (name == self) self_ = peers_.size();
    if (known != before.end() && name != self) {
      peers_.push_back(*known);
    } else {
      peers_.emplace_back().name = name;
    }
  }
}

std::optional<std::size_t> Membership::find(std::string_view name) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const Peer& peer) { return peer.name == name; });
  if (found == peers_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - peers_.begin());
}

Membership::Change Membership::heard(std::size_t index, bool says_active, std::uint64_t version,
                                     Instant received) {
  VIPPY_ASSERT(index < peers_.size() && index != self_);
  auto& peer = peers_[index];
  const bool was_active = peer.is_active;
  const bool was_silent = std::exchange(peer.is_silent, false);
  const bool turned_with_version = was_active && !says_active && version > peer.version;
  if (!was_silent && peer.heard_last && received > *peer.heard_last) {
    peer.gaps.note(received - *peer.heard_last, received);
  }
  const bool was_pause = !peer.heard_last || received - *peer.heard_last > tuning_.stale;
  if (was_pause) {
    peer.speaks_since = received;
  } else if (is_worth_excusing(received - *peer.heard_last - tuning_.interval)) {
    peer.last_pause = received - *peer.heard_last;
    peer.last_pause_at = received;
  }
  peer.heard_last = std::max(received, peer.heard_last.value_or(received));
  peer.given = Duration::zero();
  peer.version = version;
  peer.outdated_noted = false;
  if (turned_with_version) {
    peer.changing_until = received + tuning_.mature + 2 * tuning_.interval;
  }
  if (says_active || (peer.changing_until && received >= *peer.changing_until)) {
    peer.changing_until.reset();
  }
  peer.is_active = says_active || peer.changing_until.has_value();
  if (peer.is_active == was_active) return Change::none;
  if (!peer.is_active) return Change::left;
  const bool is_back = std::exchange(peer.was_lost, false) || was_silent;
  return is_back ? Change::returned_active : Change::became_active;
}

Instant Membership::deadline(const Peer& peer) const {
  if (!peer.heard_last || peer.is_silent) return Instant::max();
  // "At most stale old" is still active: the first instant that is too old is one tick later.
  const auto since = std::max(*peer.heard_last, peer.excused_at);
  return since + tuning_.stale + Duration(1);
}

void Membership::excuse(Duration late_by, Instant now) {
  if (!is_worth_excusing(late_by)) return;
  for (auto& peer : peers_) {
    if (peer.is_silent) continue;
    const auto silent_since = std::max(*peer.heard_last, peer.excused_at);
    peer.excused_at = std::min(now, silent_since + late_by);
    if (late_by < tuning_.stale) continue;
    const auto given = std::min(now - peer.excused_at, tuning_.stale - peer.given);
    peer.excused_at += given;
    peer.given += given;
  }
}

bool Membership::is_worth_excusing(Duration late_by) const {
  return late_by > tuning_.interval / 2;
}

bool Membership::any_ran_on(Instant since) const {
  const auto enough = tuning_.stale - tuning_.interval;
  return std::any_of(peers_.begin(), peers_.end(), [&](const Peer& peer) {
    if (!peer.heard_last) return false;
    auto spoke_for = *peer.heard_last - std::max(since, peer.speaks_since);
    if (peer.last_pause_at > since) spoke_for -= peer.last_pause - tuning_.interval;
    return spoke_for >= enough;
  });
}

void Membership::expire(Instant now, std::vector<std::size_t>& silent) {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    auto& peer = peers_[i];
    if (now < deadline(peer)) continue;
    peer.is_silent = true;
    peer.changing_until.reset();
    if (!std::exchange(peer.is_active, false)) continue;
    peer.was_lost = true;
    silent.push_back(i);
  }
}

Instant Membership::next_expiry() const {
  auto earliest = Instant::max();
  for (const auto& peer : peers_) earliest = std::min(earliest, deadline(peer));
  return earliest;
}

bool Membership::any_active() const {
  return std::any_of(peers_.begin(), peers_.end(),
                     [](const Peer& peer) { return peer.is_active; });
}

bool Membership::all_heard_since(Instant since) const {
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (i == self_) continue;
    if (!peers_[i].heard_last || *peers_[i].heard_last <= since) return false;
  }
  return true;
}

std::optional<Instant> Membership::heard_last(std::size_t peer) const {
  return peers_[peer].heard_last;
}

bool Membership::note_outdated(std::size_t peer) {
  return !std::exchange(peers_[peer].outdated_noted, true);
}

}  // namespace vippy::core
