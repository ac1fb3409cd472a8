#include "core/neighbours.h"

#include <algorithm>

#include "core/limits.h"

namespace vippy::core {

namespace {

bool is_host(const IpAddress& address, const Mac& mac) {
  return !address.is_multicast() && !mac.is_multicast() && !mac.is_zero();
}

}  // namespace

void Neighbours::begin_table() {
  for (auto& [address, entry] : table_) entry.mentioned = false;
}

void Neighbours::complete_table() {
  std::erase_if(table_, [](const auto& item) {
    return item.second.local != 0 && !item.second.mentioned;
  });
}

// Makes place for one more; only entries that peers told of may go.
bool Neighbours::make_room() {
  if (table_.size() < kNeighboursMax) return true;
  auto oldest = table_.end();
  for (auto item = table_.begin(); item != table_.end(); ++item) {
    if (item->second.local != 0) continue;
    if (oldest == table_.end() || item->second.seen < oldest->second.seen) oldest = item;
  }
  if (oldest == table_.end()) return false;
  table_.erase(oldest);
  return true;
}

void Neighbours::on_local(const NeighbourSeen& seen, Instant now) {
  const auto found = table_.find(seen.address);
  if (!seen.exists) {
    if (found != table_.end() && found->second.local == seen.index) table_.erase(found);
    return;
  }
  if (!is_host(seen.address, seen.mac)) return;
  if (found == table_.end() && !make_room()) return;
  table_[seen.address] = {seen.mac, now, seen.index, true};
}

void Neighbours::on_peer(const std::vector<NeighbourEntry>& entries, Instant now) {
  for (const auto& told : entries) {
    if (!is_host(told.address, told.mac)) continue;
    const auto found = table_.find(told.address);
    if (found == table_.end() && table_.size() >= kNeighboursMax) {
      forget_old(now);
      if (table_.size() >= kNeighboursMax) return;  // a flood of entries may not push others out
    }
    auto& entry = table_[told.address];
    if (entry.local != 0) continue;
    entry.mac = told.mac;
    entry.seen = now;
  }
}

void Neighbours::forget_old(Instant now) {
  std::erase_if(table_, [&](const auto& item) {
    return item.second.local == 0 && now - item.second.seen > kNeighbourForget;
  });
}

std::optional<Mac> Neighbours::find(const IpAddress& address) const {
  const auto found = table_.find(address);
  if (found == table_.end()) return std::nullopt;
  return found->second.mac;
}

std::vector<NeighbourEntry> Neighbours::within(const Prefix& network) const {
  std::vector<NeighbourEntry> out;
  const auto end = table_.upper_bound(network.last());
  for (auto item = table_.lower_bound(network.first()); item != end; ++item) {
    out.push_back({item->first, item->second.mac});
  }
  return out;
}

std::vector<NeighbourEntry> Neighbours::local() const {
  std::vector<NeighbourEntry> out;
  for (const auto& [address, entry] : table_) {
    if (entry.local != 0) out.push_back({address, entry.mac});
  }
  return out;
}

std::vector<NeighbourEntry> Neighbours::local_ipv4() const {
  auto out = local();
  std::erase_if(out, [](const NeighbourEntry& entry) { return !entry.address.is_v4(); });
  return out;
}

}  // namespace vippy::core
