// Reconciler, the planning part: what is to be asked of the kernel, in which order and how much at
// a time.
#include <algorithm>
#include <utility>

#include "core/reconcile.h"

namespace vippy::core {

bool Reconciler::must_wait_for_sibling(const AddressKey& key) {
  if (key.prefix.address.is_v4()) return false;
  bool is_held = false;
  for_each_sibling(key, [&](const auto& entry) {
    const Record& sibling = entry.second;
    is_held = is_held || sibling.presence == Presence::ours || sibling.pending != Pending::none;
  });
  return is_held;
}

// Is the same address to be here in another way, and not there yet? Of an IPv6 address the old
// length must go first.
bool Reconciler::must_wait_for_successor(const AddressKey& key) {
  bool is_coming = false;
  for_each_sibling(key, [&](const Records::value_type& entry) {
    const auto& other = entry.second;
    const bool is_there = other.presence != Presence::absent && other.pending == Pending::none;
    const bool may_be_beside = key.prefix.address.is_v4() || entry.first.plumb != key.plumb;
    is_coming = is_coming || (may_be_beside && other.wanted && !is_there);
  });
  return is_coming;
}

Reconciler::Pending Reconciler::due(const Record& record) const {
  if (record.pending != Pending::none) return Pending::none;
  const bool may_be_away = record.presence == Presence::absent || record.in_doubt;
  if (record.wanted && may_be_away) return Pending::adding;
  if (!record.wanted && record.presence == Presence::ours) return Pending::removing;
  return Pending::none;
}

void Reconciler::request(Records::value_type& entry, Pending what, RequestId id, Actions& out) {
  auto& [key, record] = entry;
  record.pending = what;
  record.was_notified = false;
  requests_[id] = {key, what};
  if (what == Pending::adding) {
    ++record.adds_unseen;
    if (std::exchange(record.is_taken, false)) {
      out.push_back(Log{
          event::AddressPutBack{format(key.prefix.address), interface_name(key.index)}});
    }
    const auto lease = key.plumb == Plumb::route ? Duration::zero() : lease_;
    out.push_back(AddAddress{id, key.index, key.prefix, lease, false, key.plumb});
  } else {
    ++record.dels_unseen;
    out.push_back(RemoveAddress{id, key.index, key.prefix, key.plumb});
  }
}

void Reconciler::set_lease(Duration lease) {
  has_leases_ = true;
  lease_changed_ = lease_changed_ || lease != lease_;
  lease_ = lease;
}

// Three rounds within a lease: two may fail. A round that takes longer than its third is followed
// by the next one where it stood, so that each address has its turn.
void Reconciler::begin_renewals(Instant now) {
  const bool is_due = lease_changed_ || now >= renew_at_;
  if (!is_due && (lease_ == Duration::zero() || renew_at_ != Instant::max())) return;
  renew_at_ = lease_ == Duration::zero() ? Instant::max() : now + lease_ / 3;
  if (!is_due) return;
  lease_changed_ = false;
  renewable_.clear();
  std::size_t behind = 0;  // of those that were renewed last, or come before
  for (const auto& [key, record] : records_) {
    if (!record.wanted || record.presence != Presence::ours || key.plumb == Plumb::route) continue;
    if (key <= renewed_last_) ++behind;
    renewable_.push_back(key);
  }
  std::rotate(renewable_.begin(), renewable_.begin() + static_cast<std::ptrdiff_t>(behind),
              renewable_.end());
  if (renewable_.empty()) renew_at_ = Instant::max();
}

// What is not there any more would come back by it.
void Reconciler::renew(RequestId& next_id, Actions& out) {
  while (!renewable_.empty() && renewals_.size() < kRenewedAtOnce) {
    const auto key = renewable_.front();
    renewable_.pop_front();
    const auto found = records_.find(key);
    const bool is_held = found != records_.end() && found->second.wanted &&
                         found->second.presence == Presence::ours &&
                         found->second.pending == Pending::none;
    if (!is_held) continue;
    renewed_last_ = key;
    renewals_[next_id] = key;
    out.push_back(AddAddress{next_id++, key.index, key.prefix, lease_, true});
  }
}

void Reconciler::plan(Instant now, RequestId& next_id, Actions& out) {
  if (!decided_) return;
  while (!retries_.empty() && retries_.begin()->first <= now) {
    const auto found = records_.find(retries_.begin()->second);
    retries_.erase(retries_.begin());
    if (found != records_.end()) touch(*found);
  }
  const bool is_due = !touched_.empty();
  if (is_due) sort_touched(out);
  // Somebody else may have it already: letting go does not wait for thousands that come.
  request_from(removals_, Pending::removing, now, next_id, out);
  request_from(additions_, Pending::adding, now, next_id, out);
  if (is_due || lease_changed_ || now >= renew_at_) begin_renewals(now);
  renew(next_id, out);
}

// And their siblings, which may have waited for them.
std::vector<Reconciler::Records::value_type*> Reconciler::take_touched() {
  std::vector<Records::value_type*> entries;
  for (const auto& key : std::exchange(touched_, {})) {
    // Of one that is gone only the siblings are left: they may go on now.
    for_each_sibling(key, [&](Records::value_type& sibling) { entries.push_back(&sibling); });
    const auto found = records_.find(key);
    if (found == records_.end()) continue;
    found->second.is_touched = false;
    entries.push_back(&*found);
  }
  return entries;
}

void Reconciler::sort_touched(Actions& out) {
  for (auto* entry : take_touched()) {
    take_over_found(*entry, out);
    const auto what = due(entry->second);
    if (what == Pending::adding) additions_.keys.push_back(entry->first);
    if (what == Pending::removing) removals_.keys.push_back(entry->first);
  }
}

// The record, if that is due now. What waits for another one is touched when that one changes.
Reconciler::Records::value_type* Reconciler::find_due(const AddressKey& key, Pending what,
                                                      Instant now) {
  const auto found = records_.find(key);
  if (found == records_.end() || due(found->second) != what) return nullptr;
  const bool must_wait = what == Pending::adding ? must_wait_for_sibling(key)
                                                 : must_wait_for_successor(key);
  if (must_wait) return nullptr;
  if (found->second.retry_at <= now) return &*found;
  retries_.emplace(found->second.retry_at, key);
  return nullptr;
}

void Reconciler::request_from(Line& line, Pending what, Instant now, RequestId& next_id,
                              Actions& out) {
  for (; !line.keys.empty(); line.keys.pop_front()) {
    auto* entry = find_due(line.keys.front(), what, now);
    if (entry == nullptr) continue;
    if (line.asked >= asked_most_) return;
    ++line.asked;
    request(*entry, what, next_id++, out);
  }
}

bool Reconciler::is_settled() const {
  const auto is_done = [&](const auto& entry) {
    return entry.second.pending == Pending::none && due(entry.second) == Pending::none;
  };
  return requests_.empty() && std::all_of(records_.begin(), records_.end(), is_done);
}

}  // namespace vippy::core
