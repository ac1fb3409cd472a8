#include "core/interfaces.h"

#include <algorithm>

#include "core/limits.h"

namespace vippy::core {

namespace {

bool is_host_prefix(const Prefix& prefix) { return prefix.length == prefix.address.bits(); }

}  // namespace

void Interfaces::begin(KernelTable table) {
  switch (table) {
    case KernelTable::links:
      reading_links_ = true;
      mentioned_.clear();
      return;
    case KernelTable::addresses:
      for (auto& [index, interface] : by_index_) interface.prefixes.clear();
      return;
    case KernelTable::neighbours: return;
  }
}

void Interfaces::complete(KernelTable table) {
  if (table != KernelTable::links || !reading_links_) return;
  reading_links_ = false;
  const auto is_gone = [&](InterfaceIndex index) { return !mentioned_.contains(index); };
  std::erase_if(by_index_, [&](const auto& entry) { return is_gone(entry.first); });
  std::erase_if(names_, [&](const auto& entry) { return is_gone(entry.second); });
}

void Interfaces::on_link(const LinkSeen& link) {
  const auto known = by_index_.find(link.index);
  if (known != by_index_.end()) names_.erase({known->second.name, link.index});
  if (!link.exists) {
    by_index_.erase(link.index);
    mentioned_.erase(link.index);
    return;
  }
  if (known == by_index_.end() && by_index_.size() == kInterfacesMax) return;
  names_.emplace(link.name, link.index);
  if (reading_links_) mentioned_[link.index] = true;
  auto& interface = by_index_[link.index];
  interface.index = link.index;
  interface.name = link.name;
  interface.mac = link.mac;
  interface.is_running = link.is_running;
  interface.is_ethernet = link.is_ethernet;
  interface.forwards_ipv6 = link.forwards_ipv6;
  interface.is_loopback = link.is_loopback;
}

void Interfaces::on_address(const AddressSeen& address) {
  const auto found = by_index_.find(address.index);
  if (found == by_index_.end()) return;
  auto& prefixes = found->second.prefixes;
  std::erase(prefixes, address.prefix);
  if (address.exists && !address.is_tagged) prefixes.push_back(address.prefix);
}

const Interface* Interfaces::find(std::string_view name) const {
  const auto found = names_.lower_bound({std::string(name), 0});
  if (found == names_.end() || found->first != name) return nullptr;
  return find(found->second);
}

const Interface* Interfaces::find(InterfaceIndex index) const {
  const auto found = by_index_.find(index);
  return found == by_index_.end() ? nullptr : &found->second;
}

std::optional<Prefix> Interfaces::subnet(const Interface& interface,
                                         const IpAddress& address) const {
  std::optional<Prefix> best;
  for (const auto& prefix : interface.prefixes) {
    if (is_host_prefix(prefix) || !prefix.contains(address)) continue;
    if (!best || prefix.length > best->length) best = prefix;
  }
  return best;
}

const Interface* Interfaces::carrying(const IpAddress& address) const {
  const Interface* best = nullptr;
  int best_length = -1;
  for (const auto& [index, interface] : by_index_) {
    const auto prefix = subnet(interface, address);
    if (prefix && prefix->length > best_length) {
      best = &interface;
      best_length = prefix->length;
    }
  }
  return best;
}

bool Interfaces::is_path(std::string_view choice) const {
  const auto address = parse_ip(choice);
  return std::any_of(by_index_.begin(), by_index_.end(), [&](const auto& entry) {
    const auto& interface = entry.second;
    if (!interface.is_running || interface.is_loopback) return false;
    if (choice == "all" || interface.name == choice) return true;
    return address && std::any_of(interface.prefixes.begin(), interface.prefixes.end(),
                                  [&](const Prefix& own) { return own.address == *address; });
  });
}

bool Interfaces::is_own(const IpAddress& address) const {
  return std::any_of(by_index_.begin(), by_index_.end(), [&](const auto& entry) {
    return std::any_of(entry.second.prefixes.begin(), entry.second.prefixes.end(),
                       [&](const Prefix& prefix) { return prefix.address == address; });
  });
}

}  // namespace vippy::core
