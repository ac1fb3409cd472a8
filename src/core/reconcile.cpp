#include "core/reconcile.h"

#include <algorithm>

#include "core/assert.h"

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

constexpr Duration kRetryFirst = 100ms;
constexpr Duration kRetryLast = 5s;
constexpr Duration kTheftWindow = 10s;
// Put back at once this often in a window, then once a second.
constexpr unsigned kTheftsAtOnce = 3;

std::string vip_name(const AddressKey& key) { return format(key.prefix.address); }

template <typename Event>
void log(Actions& out, Event event) {
  out.push_back(Log{std::move(event)});
}

}  // namespace

std::string Reconciler::interface_name(InterfaceIndex index) const {
  const auto found = names_.find(index);
  return found == names_.end() ? std::to_string(index) : found->second;
}

// Nothing is known that would be lost with the record.
bool Reconciler::is_idle(const Record& record) {
  return !record.wanted && record.presence == Presence::absent &&
         record.pending == Pending::none && record.adds_unseen == 0 && record.dels_unseen == 0;
}

void Reconciler::touch(Records::value_type& entry) {
  // Before the first wishes nothing is planned, and they touch everything.
  if (decided_ && !std::exchange(entry.second.is_touched, true)) touched_.push_back(entry.first);
}

void Reconciler::begin_table() {
  reading_ = true;
  for (auto& [key, record] : records_) {
    record.mentioned = false;
    // The table is newer than every notification before it, seen or lost.
    record.adds_unseen = std::min(record.adds_unseen, record.pending == Pending::adding ? 1U : 0U);
    record.dels_unseen =
        std::min(record.dels_unseen, record.pending == Pending::removing ? 1U : 0U);
  }
}

std::vector<AddressKey> Reconciler::complete_table(Instant now) {
  std::vector<AddressKey> gone;
  if (!std::exchange(reading_, false)) return gone;
  for (auto& entry : records_) {
    auto& record = entry.second;
    if (record.mentioned) continue;
    record.seen = Presence::absent;
    if (record.pending == Pending::removing) record.dels_unseen = 0;
    if (record.pending != Pending::none || record.presence == Presence::absent) continue;
    if (saw_absent(entry, now) == Change::went_down) gone.push_back(entry.first);
  }
  std::erase_if(records_, [](const auto& entry) { return is_idle(entry.second); });
  return gone;
}

Reconciler::Change Reconciler::observe(const AddressSeen& seen, bool own_by_text, Instant now,
                                       Actions& out) {
  const AddressKey key{seen.index, seen.prefix, seen.plumb};
  if (!seen.exists && key.prefix.address.is_v6()) {
    // An answer told that it is there; it was there by this name.
    for_each_sibling(key, [&](Records::value_type& entry) {
      auto& sibling = entry.second;
      if (sibling.presence != Presence::foreign || sibling.was_notified) return;
      sibling.seen = Presence::absent;
      set_presence(sibling, Presence::absent);
      sibling.foreign_said = false;
      touch(entry);
    });
  }
  const auto found = records_.find(key);
  if (found == records_.end() && !seen.exists) return Change::none;
  // What is neither marked nor of interest is remembered all the same: it may become wanted.
  auto& entry = found == records_.end() ? *records_.try_emplace(key).first : *found;
  auto& record = entry.second;
  const bool is_ours = seen.is_tagged || (!address_tags_ && own_by_text);
  record.mentioned = seen.exists;
  record.seen = !seen.exists ? Presence::absent : is_ours ? Presence::ours : Presence::foreign;
  record.was_notified = true;
  auto& unseen = seen.exists ? record.adds_unseen : record.dels_unseen;
  const bool is_awaited = unseen > 0;
  if (is_awaited) --unseen;
  // Without marks our own additions look like anybody's.
  if (is_awaited && seen.exists && !address_tags_) record.seen = Presence::ours;
  if (!seen.exists && !is_awaited && record.adds_unseen > 0 && record.pending == Pending::none) {
    record.in_doubt = true;
    touch(entry);
  }
  const auto change = believe_seen(entry, now, out);
  if (is_idle(record)) records_.erase(key);
  return change;
}

// Once the notifications have caught up with what was acknowledged, the last one tells.
Reconciler::Change Reconciler::believe_seen(Records::value_type& entry, Instant now,
                                            Actions& out) {
  auto& record = entry.second;
  if (record.pending != Pending::none || record.adds_unseen > 0 || record.dels_unseen > 0) {
    return Change::none;
  }
  if (record.seen == Presence::absent) return saw_absent(entry, now);
  return saw_present(entry, now, out);
}

Reconciler::Change Reconciler::saw_present(Records::value_type& entry, Instant now, Actions& out) {
  auto& [key, record] = entry;
  const auto before = record.presence;
  if (record.seen == before || (before == Presence::ours && !address_tags_)) return Change::none;
  set_presence(record, record.seen);
  record.foreign_since = now;
  record.is_taken = false;
  record.is_leftover = record.seen == Presence::ours;
  if (record.seen == Presence::foreign && record.wanted) {
    record.foreign_said = true;
    log(out, event::AddressForeign{vip_name(key), interface_name(key.index)});
  }
  touch(entry);
  return before == Presence::absent && record.wanted ? Change::came_up : Change::none;
}

void Reconciler::claim(const std::vector<AddressKey>& configured) {
  if (address_tags_) return;
  for (const auto& key : configured) {
    const auto found = records_.find(key);
    if (found == records_.end() || found->second.presence != Presence::foreign) continue;
    found->second.seen = Presence::ours;
    set_presence(found->second, Presence::ours);
    found->second.is_leftover = true;
    touch(*found);
  }
}

Reconciler::Change Reconciler::saw_absent(Records::value_type& entry, Instant now) {
  auto& [key, record] = entry;
  if (record.presence == Presence::absent) return Change::none;
  set_presence(record, Presence::absent);
  record.is_leftover = record.foreign_said = false;
  touch(entry);
  if (!record.wanted) return Change::went_down;
  if (now - record.stolen_at > kTheftWindow) record.thefts = 0;
  record.stolen_at = now;
  if (++record.thefts > kTheftsAtOnce) record.retry_at = now + 1s;
  record.is_taken = true;
  return Change::went_down;
}

void Reconciler::forget_wish(Records::value_type& entry) {
  auto& record = entry.second;
  record.wanted = record.foreign_said = record.is_taken = false;
  // Whoever does not want an address has no trouble with its absence.
  if (record.presence == Presence::absent) record.failures = 0;
  touch(entry);
}

void Reconciler::want(const std::vector<AddressKey>& wanted) {
  decided_ = true;
  for (auto& [key, record] : records_) record.wanted = false;
  for (const auto& key : wanted) {
    auto& entry = *records_.try_emplace(key).first;
    entry.second.wanted = true;
    touch(entry);
  }
  for (auto& entry : records_) {
    if (!entry.second.wanted) forget_wish(entry);
  }
  std::erase_if(records_, [](const auto& entry) { return is_idle(entry.second); });
}

void Reconciler::want_one(const AddressKey& key, bool is_wanted) {
  decided_ = true;
  const auto found = is_wanted ? records_.try_emplace(key).first : records_.find(key);
  if (found == records_.end() || found->second.wanted == is_wanted) return;
  if (is_wanted) {
    found->second.wanted = true;
    touch(*found);
    return;
  }
  forget_wish(*found);
  if (is_idle(found->second)) records_.erase(found);
}

// What was there before it was wanted.
void Reconciler::take_over_found(Records::value_type& entry, Actions& out) {
  auto& [key, record] = entry;
  if (!record.wanted) return;
  if (std::exchange(record.is_leftover, false)) {
    lease_changed_ = has_leases_;  // the one that it was left with may end any moment
    adopted_.push_back(key);
    log(out, event::LeftoverAdopted{vip_name(key), interface_name(key.index)});
  }
  if (record.presence == Presence::foreign && !std::exchange(record.foreign_said, true)) {
    adopted_.push_back(key);
    log(out, event::AddressForeign{vip_name(key), interface_name(key.index)});
  }
}

void Reconciler::failed(Records::value_type& entry, bool is_add, FailureKind failure, Instant now,
                        Actions& out) {
  auto& [key, record] = entry;
  const auto wait = std::min(kRetryLast, kRetryFirst * (1U << std::min(record.failures, 6U)));
  record.retry_at = now + wait;
  if (record.failures == 0) record.failing_since = now;
  // Said once per streak and kind, shown in status for as long as it lasts.
  if (record.failures++ == 0 || record.last_failure != failure) {
    log(out, event::AddressFailed{vip_name(key), interface_name(key.index), is_add, failure});
  }
  record.last_failure = failure;
}

Reconciler::Change Reconciler::added(Records::value_type& entry, FailureKind failure, Instant now,
                                     Actions& out) {
  auto& [key, record] = entry;
  const bool was_absent = record.presence == Presence::absent;
  const auto came_up = was_absent && record.wanted ? Change::came_up : Change::none;
  const bool was_in_doubt = std::exchange(record.in_doubt, false);
  if (was_in_doubt && failure == FailureKind::none) {
    // What was owed for earlier additions will never come.
    record.adds_unseen = record.was_notified && record.seen != Presence::absent ? 0 : 1;
    log(out, event::AddressPutBack{vip_name(key), interface_name(key.index)});
  }
  if (failure == FailureKind::none) {
    set_presence(record, Presence::ours);
    record.is_leftover = false;
    record.failures = 0;
    record.last_failure = FailureKind::none;
    log(out, event::AddressUp{vip_name(key), interface_name(key.index)});
    // Seen already, and perhaps gone again before we were told that it came.
    return believe_seen(entry, now, out) == Change::went_down ? Change::went_down : came_up;
  }
  // Somebody else's notification may have been taken for ours.
  if (record.adds_unseen > 0) --record.adds_unseen;
  const bool says_nothing = failure == FailureKind::withdrawn ||
                            (was_in_doubt && failure == FailureKind::already_there);
  if (says_nothing) return believe_seen(entry, now, out);
  if (failure == FailureKind::already_there) {
    return contradicted(entry, Presence::foreign, now, out);
  }
  failed(entry, true, failure, now, out);
  return believe_seen(entry, now, out);
}

Reconciler::Change Reconciler::contradicted(Records::value_type& entry, Presence by_answer,
                                            Instant now, Actions& out) {
  auto& record = entry.second;
  record.adds_unseen = record.dels_unseen = 0;
  // Whose the address is, the notification tells; until then it is not ours to remove.
  const bool agrees = (record.seen == Presence::absent) == (by_answer == Presence::absent);
  if (!agrees && !record.was_notified) record.seen = by_answer;
  if (!agrees && record.was_notified) record.retry_at = now + kRetryFirst;
  return believe_seen(entry, now, out);
}

Reconciler::Change Reconciler::removed(Records::value_type& entry, FailureKind failure,
                                       Instant now, Actions& out) {
  auto& [key, record] = entry;
  const bool was_leftover = record.is_leftover;
  const bool is_gone = failure == FailureKind::none || failure == FailureKind::not_there ||
                       failure == FailureKind::no_interface;
  if (failure != FailureKind::none && record.dels_unseen > 0) --record.dels_unseen;
  if (!is_gone) {
    failed(entry, false, failure, now, out);
    return believe_seen(entry, now, out);
  }
  set_presence(record, Presence::absent);
  record.in_doubt = false;
  record.is_leftover = false;
  record.failures = 0;
  record.last_failure = FailureKind::none;
  if (was_leftover) {
    log(out, event::LeftoverRemoved{vip_name(key), interface_name(key.index)});
  } else {
    log(out, event::AddressDown{vip_name(key), interface_name(key.index)});
  }
  if (failure == FailureKind::none) {
    believe_seen(entry, now, out);
  } else {
    contradicted(entry, Presence::absent, now, out);
  }
  return Change::went_down;
}

std::optional<Reconciler::Answer> Reconciler::outcome(RequestId id, FailureKind failure,
                                                      Instant now, Actions& out) {
  if (const auto renewal = renewals_.find(id); renewal != renewals_.end()) {
    const auto key = renewal->second;
    renewals_.erase(renewal);
    // The next renewal is due long before the lease ends; whether it is gone a notification tells.
    if (failure != FailureKind::none && failure != FailureKind::withdrawn) {
      log(out, event::AddressFailed{vip_name(key), interface_name(key.index), true, failure});
    }
    return Answer{key, Change::none};
  }
  const auto request = requests_.find(id);
  if (request == requests_.end()) return std::nullopt;
  const auto [key, what] = request->second;
  requests_.erase(request);
  --(what == Pending::adding ? additions_ : removals_).asked;
  const auto found = records_.find(key);
  if (found == records_.end()) return Answer{key, Change::none};  // its interface is gone
  touch(*found);
  const auto pending = std::exchange(found->second.pending, Pending::none);
  VIPPY_ASSERT(pending != Pending::none);
  const auto change = pending == Pending::adding ? added(*found, failure, now, out)
                                                 : removed(*found, failure, now, out);
  if (is_idle(found->second)) records_.erase(found);
  return Answer{key, change};
}

void Reconciler::interface_gone(InterfaceIndex index) {
  for (auto& [key, record] : records_) {
    if (key.index != index) continue;
    set_presence(record, Presence::absent);
    record.seen = Presence::absent;
    record.adds_unseen = 0;
    record.dels_unseen = 0;
    record.wanted = record.is_taken = false;
  }
  std::erase_if(records_, [&](const auto& entry) {
    return entry.first.index == index && entry.second.pending == Pending::none;
  });
  names_.erase(index);
}

template <typename Tells>
bool Reconciler::is_any_form(const AddressKey& key, const Tells& tells) const {
  auto at = records_.lower_bound({key.index, {key.prefix.address, 0}});
  for (; at != records_.end() && at->first.index == key.index &&
         at->first.prefix.address == key.prefix.address;
       ++at) {
    const bool is_form = at->first == key || at->first.plumb != key.plumb;
    if (is_form && tells(at->second)) return true;
  }
  return false;
}

bool Reconciler::is_up(const AddressKey& key) const {
  return is_any_form(key, [](const Record& record) {
    return record.presence != Presence::absent && record.pending != Pending::removing;
  });
}

bool Reconciler::holds(const AddressKey& key) const {
  return is_any_form(key, [](const Record& record) { return record.presence == Presence::ours; });
}

bool Reconciler::keeps(const AddressKey& key) const {
  return is_any_form(key, [](const Record& record) {
    return record.presence == Presence::ours && record.pending != Pending::removing;
  });
}

std::optional<Instant> Reconciler::foreign_since(const AddressKey& key) const {
  const auto found = records_.find(key);
  const bool is_it = found != records_.end() && found->second.presence == Presence::foreign;
  return is_it ? std::optional(found->second.foreign_since) : std::nullopt;
}

std::optional<Reconciler::Trouble> Reconciler::trouble(const AddressKey& key) const {
  const auto found = records_.find(key);
  if (found == records_.end() || found->second.failures == 0) return std::nullopt;
  return Trouble{found->second.last_failure, found->second.failing_since};
}

}  // namespace vippy::core
