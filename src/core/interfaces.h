// What this host has: its interfaces and their addresses, as the kernel's tables and changes say.
//
// Purpose: answer "which interface is called eth0", "is it up", "which one carries this subnet".
// Purity:  a value fed by LinkSeen, AddressSeen and the table marks.
// Bounds:  kInterfacesMax interfaces; more are left out.
// Source:  docs/architecture.md, "Tables": what a table does not mention between its two marks is
//          gone.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/input.h"
#include "core/ip.h"

namespace vippy::core {

struct Interface {
  InterfaceIndex index = 0;
  std::string name;
  Mac mac;
  bool is_running = false;
  bool is_ethernet = false;
  bool forwards_ipv6 = false;
  bool is_loopback = false;
  std::vector<Prefix> prefixes;  // addresses that are not ours to move (no VIPs)
};

class Interfaces {
 public:
  void begin(KernelTable table);
  void complete(KernelTable table);
  void on_link(const LinkSeen& link);
  // Addresses that carry our mark are VIPs and do not count as the host's own.
  void on_address(const AddressSeen& address);

  [[nodiscard]] const Interface* find(std::string_view name) const;
  [[nodiscard]] const Interface* find(InterfaceIndex index) const;
  // The interface whose own subnet contains the address: the longest prefix wins, then the lowest
  // index. Host prefixes (/32, /128) carry nothing but themselves.
  [[nodiscard]] const Interface* carrying(const IpAddress& address) const;
  // The subnet of `interface` that contains the address, if any.
  [[nodiscard]] std::optional<Prefix> subnet(const Interface& interface,
                                             const IpAddress& address) const;
  [[nodiscard]] bool is_own(const IpAddress& address) const;
  // Can other hosts be reached over this `chat_interface`: "all", a name, or a local address?
  [[nodiscard]] bool is_path(std::string_view choice) const;
  [[nodiscard]] const std::map<InterfaceIndex, Interface>& all() const { return by_index_; }

 private:
  std::map<InterfaceIndex, Interface> by_index_;
  std::set<std::pair<std::string, InterfaceIndex>> names_;
  std::map<InterfaceIndex, bool> mentioned_;  // links, while a table of links is being read
  bool reading_links_ = false;
};

}  // namespace vippy::core
