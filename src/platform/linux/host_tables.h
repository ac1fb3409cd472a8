// What the kernel last told about links and addresses: just enough to place sockets by.
//
// Purpose: which interfaces exist, run, and hold which address, for the announcement socket and
//          for the choice of flags of new addresses.
// Purity:  values in, answers out; no sockets.
// Bounds:  kInterfacesMax links; addresses as many as the kernel has.
// Order:   begin()/complete() around a whole table: what was not mentioned in between is gone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/ip.h"
#include "platform/linux/netlink_decode.h"
#include "platform/platform.h"

namespace vippy::platform {

struct LinkEntry {
  std::string name;
  core::Mac mac;
  bool is_running = false;
  bool is_ethernet = false;
  bool is_loopback = false;
  bool is_multicast = false;
  bool is_broadcast = false;
  bool forwards_ipv6 = false;
  auto operator<=>(const LinkEntry&) const = default;
};

struct AddressEntry {
  std::uint8_t length = 0;
  bool is_secondary = false;
  bool is_tagged = false;
  bool lacks_prefix_route = false;
  auto operator<=>(const AddressEntry&) const = default;
};

class HostTables {
 public:
  void begin(Table table);
  void complete(Table table);
  // False: nothing changed, and no table is being read that has to mention it. An address that
  // goes is news even when it was not known.
  bool on_link(const LinkMessage& message);
  bool on_address(const AddressMessage& message, bool is_tagged);

  [[nodiscard]] const std::map<InterfaceIndex, LinkEntry>& links() const { return links_; }
  [[nodiscard]] const LinkEntry* link(InterfaceIndex index) const;
  [[nodiscard]] std::optional<InterfaceIndex> link_named(std::string_view name) const;
  [[nodiscard]] std::optional<InterfaceIndex> link_holding(const core::IpAddress& address) const;
  [[nodiscard]] const AddressEntry* address(InterfaceIndex index, const core::Prefix& prefix) const;
  // Would the kernel take a request about `prefix` for one about somebody else's address? It
  // knows IPv6 addresses whatever their length.
  [[nodiscard]] bool is_foreign(InterfaceIndex index, const core::Prefix& prefix) const;
  // Somebody else's address in the network of `prefix`, with the same length?
  [[nodiscard]] bool has_foreign_in(InterfaceIndex index, const core::Prefix& prefix) const;
  [[nodiscard]] bool has_ipv4(InterfaceIndex index) const;
  // An address of the interface that does not move: untagged, of this family.
  [[nodiscard]] std::optional<core::IpAddress> own_address(InterfaceIndex index,
                                                           core::Family family) const;
  // One whose network `other` lies in; index 0: of any interface.
  [[nodiscard]] std::optional<core::IpAddress> own_address_beside(
      const core::IpAddress& other, InterfaceIndex index) const;

 private:
  // IPv4 allows one address with several lengths.
  using AddressKey = std::pair<core::IpAddress, std::uint8_t>;
  void forget_untagged(InterfaceIndex index, const AddressKey& key);
  struct MarkedAddress {
    AddressEntry entry;
    bool is_mentioned = true;
  };
  std::map<InterfaceIndex, LinkEntry> links_;
  std::vector<InterfaceIndex> mentioned_links_;
  bool is_reading_links_ = false;
  bool is_reading_addresses_ = false;
  std::map<InterfaceIndex, std::map<AddressKey, MarkedAddress>> addresses_;
  std::map<InterfaceIndex, std::set<AddressKey>> untagged_;  // few, beside thousands of ours
};

}  // namespace vippy::platform
