// The cluster's neighbour table: who is on the segment, and at which MAC.
//
// Purpose: the union of this host's kernel table and what peers announce; it feeds the hit list.
// Purity:  no clock; `now` is handed in.
// Bounds:  kNeighboursMax entries in all; when full, the peers' oldest entry makes room.
// Units:   Instant; a peer's entry that was not mentioned for kNeighbourForget is dropped.
// Source:  docs/protocol.md, "arpcache". Entries of our own kernel win over a peer's.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "core/input.h"
#include "core/ip.h"
#include "core/time.h"
#include "core/wire1.h"

namespace vippy::core {

inline constexpr Duration kNeighbourForget = std::chrono::hours(1);

class Neighbours {
 public:
  // The kernel's table is being read from here ...
  void begin_table();
  // ... to here: local entries that were not mentioned are gone.
  void complete_table();
  void on_local(const NeighbourSeen& seen, Instant now);
  void on_peer(const std::vector<NeighbourEntry>& entries, Instant now);
  void forget_old(Instant now);

  [[nodiscard]] std::optional<Mac> find(const IpAddress& address) const;
  // Everyone known in the network, in the order of the addresses.
  [[nodiscard]] std::vector<NeighbourEntry> within(const Prefix& network) const;
  // What our own kernel knows of IPv4, for announcements.
  [[nodiscard]] std::vector<NeighbourEntry> local_ipv4() const;
  // All that our own kernel knows.
  [[nodiscard]] std::vector<NeighbourEntry> local() const;
  [[nodiscard]] std::size_t size() const { return table_.size(); }

 private:
  struct Entry {
    Mac mac;
    Instant seen{};
    InterfaceIndex local = 0;  // not 0: this host's kernel has it on this interface
    bool mentioned = false;
  };

  bool make_room();

  std::map<IpAddress, Entry> table_;
};

}  // namespace vippy::core
