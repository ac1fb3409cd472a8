#include "platform/linux/host_tables.h"

#include <algorithm>

#include "core/limits.h"

namespace vippy::platform {

void HostTables::begin(Table table) {
  if (table == Table::links) {
    is_reading_links_ = true;
    mentioned_links_.clear();
  }
  if (table != Table::addresses) return;
  is_reading_addresses_ = true;
  for (auto& [index, held] : addresses_) {
    for (auto& [key, marked] : held) marked.is_mentioned = false;
  }
}

void HostTables::complete(Table table) {
  if (table == Table::links) {
    is_reading_links_ = false;
    std::sort(mentioned_links_.begin(), mentioned_links_.end());
    std::erase_if(links_, [this](const auto& link) {
      return !std::binary_search(mentioned_links_.begin(), mentioned_links_.end(), link.first);
    });
  }
  if (table != Table::addresses) return;
  is_reading_addresses_ = false;
  for (auto& entry : addresses_) {
    const auto index = entry.first;
    auto& held = entry.second;
    std::erase_if(held, [&](const auto& address) {
      const bool is_gone = !address.second.is_mentioned;
      if (is_gone) forget_untagged(index, address.first);
      return is_gone;
    });
  }
  std::erase_if(addresses_, [](const auto& held) { return held.second.empty(); });
}

bool HostTables::on_link(const LinkMessage& message) {
  if (!message.exists) {
    std::erase(mentioned_links_, message.index);
    addresses_.erase(message.index);  // their own farewells may be late or lost
    untagged_.erase(message.index);
    return links_.erase(message.index) != 0;
  }
  if (is_reading_links_) mentioned_links_.push_back(message.index);
  if (!links_.contains(message.index) && links_.size() >= core::kInterfacesMax) return false;
  LinkEntry entry{std::string(message.name), message.mac,         message.is_running,
                  message.is_ethernet,       message.is_loopback, message.is_multicast,
                  message.is_broadcast,      message.forwards_ipv6};
  auto& known = links_[message.index];
  if (known == entry && !is_reading_links_) return false;
  known = std::move(entry);
  return true;
}

void HostTables::forget_untagged(InterfaceIndex index, const AddressKey& key) {
  const auto found = untagged_.find(index);
  if (found == untagged_.end()) return;
  found->second.erase(key);
  if (found->second.empty()) untagged_.erase(found);
}

bool HostTables::on_address(const AddressMessage& message, bool is_tagged) {
  const AddressKey key{message.prefix.address, message.prefix.length};
  if (is_tagged || !message.exists) {
    forget_untagged(message.index, key);
  } else {
    untagged_[message.index].insert(key);
  }
  if (!message.exists) {
    if (const auto found = addresses_.find(message.index); found != addresses_.end()) {
      found->second.erase(key);
      if (found->second.empty()) addresses_.erase(found);
    }
    // An IPv6 address may go before the kernel has told that it came: this is news all the same.
    return links_.contains(message.index);
  }
  const AddressEntry entry{message.prefix.length, message.is_secondary, is_tagged,
                           message.lacks_prefix_route};
  auto& known = addresses_[message.index];
  const auto [at, is_new] = known.try_emplace(key, MarkedAddress{entry, true});
  const bool is_same = !is_new && at->second.entry == entry;
  at->second = {entry, true};
  return !is_same || is_reading_addresses_;
}

const LinkEntry* HostTables::link(InterfaceIndex index) const {
  const auto found = links_.find(index);
  return found == links_.end() ? nullptr : &found->second;
}

std::optional<InterfaceIndex> HostTables::link_named(std::string_view name) const {
  for (const auto& [index, entry] : links_) {
    if (entry.name == name) return index;
  }
  return std::nullopt;
}

std::optional<InterfaceIndex> HostTables::link_holding(const core::IpAddress& address) const {
  for (const auto& [index, held] : addresses_) {
    const auto found = held.lower_bound({address, 0});
    if (found != held.end() && found->first.first == address) return index;
  }
  return std::nullopt;
}

const AddressEntry* HostTables::address(InterfaceIndex index, const core::Prefix& prefix) const {
  const auto held = addresses_.find(index);
  if (held == addresses_.end()) return nullptr;
  const auto found = held->second.find({prefix.address, prefix.length});
  return found == held->second.end() ? nullptr : &found->second.entry;
}

bool HostTables::is_foreign(InterfaceIndex index, const core::Prefix& prefix) const {
  const auto held = addresses_.find(index);
  if (held == addresses_.end()) return false;
  auto at = held->second.lower_bound({prefix.address, 0});
  for (; at != held->second.end() && at->first.first == prefix.address; ++at) {
    const bool is_meant = prefix.address.is_v6() || at->first.second == prefix.length;
    if (is_meant && !at->second.entry.is_tagged) return true;
  }
  return false;
}

bool HostTables::has_ipv4(InterfaceIndex index) const {
  const auto held = addresses_.find(index);
  return held != addresses_.end() &&
         std::any_of(held->second.begin(), held->second.end(),
                     [](const auto& address) { return address.first.first.is_v4(); });
}

bool HostTables::has_foreign_in(InterfaceIndex index, const core::Prefix& prefix) const {
  const auto held = untagged_.find(index);
  if (held == untagged_.end()) return false;
  const auto last = prefix.last();
  auto at = held->second.lower_bound({prefix.first(), 0});
  for (; at != held->second.end() && at->first <= last; ++at) {
    if (at->second == prefix.length) return true;
  }
  return false;
}

std::optional<core::IpAddress> HostTables::own_address(InterfaceIndex index,
                                                       core::Family family) const {
  const auto held = untagged_.find(index);
  if (held == untagged_.end()) return std::nullopt;
  for (const auto& [address, length] : held->second) {
    const bool is_link_local = address.octets()[0] == 0xfe;
    const bool is_fit = family == core::Family::ipv4 || is_link_local;
    if (address.family() == family && is_fit) return address;
  }
  return std::nullopt;
}

std::optional<core::IpAddress> HostTables::own_address_beside(const core::IpAddress& other,
                                                              InterfaceIndex index) const {
  for (const auto& [holder, held] : untagged_) {
    if (index != 0 && holder != index) continue;
    for (const auto& [address, length] : held) {
      if (core::Prefix{address, length}.contains(other)) return address;
    }
  }
  return std::nullopt;
}

}  // namespace vippy::platform
