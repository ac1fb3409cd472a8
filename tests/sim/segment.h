// The network segment: a learning switch, hosts with ARP and NDP caches, and what goes wrong.
//
// Purpose: carry announcements between nodes and frames to hosts, as a lossy segment would.
// Purity:  values and the world's generator; delivery times are the world's.
// Source:  RFC 826 (how a cache merges what it hears), IEEE 802.1D (learning).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "core/ip.h"
#include "core/rng.h"
#include "core/time.h"

namespace vippy::sim {

using PortIndex = std::size_t;

// What can go wrong between two ports.
struct Faults {
  std::uint32_t loss_percent = 0;
  core::Duration delay_min = std::chrono::microseconds(50);
  core::Duration delay_max = std::chrono::microseconds(400);
};

class Segment {
 public:
  explicit Segment(std::size_t ports) : side_(ports, 0), cut_(ports, false) {}

  // Ports on different sides do not hear each other; side 0 is where everybody starts.
  void put_on_side(PortIndex port, int side) { side_[port] = side; }
  void heal();
  void cut(PortIndex port, bool is_cut) { cut_[port] = is_cut; }
  Faults faults;

  [[nodiscard]] bool connects(PortIndex from, PortIndex to) const;
  [[nodiscard]] bool loses(core::Rng& rng) const { return rng.chance(faults.loss_percent, 100); }
  [[nodiscard]] core::Duration delay(core::Rng& rng) const;

  // The ports that a frame from `from` goes to; learns where its source is.
  [[nodiscard]] std::vector<PortIndex> forward(PortIndex from, const core::Mac& source,
                                               const core::Mac& target);
  [[nodiscard]] std::size_t ports() const { return side_.size(); }

 private:
  std::vector<int> side_;
  std::vector<bool> cut_;
  std::map<core::Mac, PortIndex> learnt_;
};

// A host that talks to VIPs: it believes what ARP and NDP tell it.
class Host {
 public:
  Host(core::IpAddress address, core::Mac mac) : address_(address), mac_(mac) {}

  void on_frame(std::span<const std::uint8_t> frame);
  // What the host would send a packet for `vip` to.
  [[nodiscard]] const core::Mac* cached(const core::IpAddress& vip) const;
  // It asked once and was told (or uses it for the first time).
  void learn(const core::IpAddress& vip, const core::Mac& mac) { cache_[vip] = mac; }
  [[nodiscard]] const core::IpAddress& address() const { return address_; }
  [[nodiscard]] const core::Mac& mac() const { return mac_; }

 private:
  core::IpAddress address_;
  core::Mac mac_;
  std::map<core::IpAddress, core::Mac> cache_;
};

}  // namespace vippy::sim
