// The network segment: a learning switch, hosts with ARP and NDP caches, and what goes wrong.
//
// Purpose: carry announcements between nodes and frames to hosts, as a lossy segment would.
// Purity:  values and the world's generator; delivery times are the world's.
// Source:  RFC 826 (how a cache merges what it hears), IEEE 802.1D (learning).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/ip.h"
#include "core/rng.h"
#include "core/time.h"

namespace vippy::sim {

using PortIndex = std::size_t;

// What can go wrong with everything that is carried.
struct Faults {
  std::uint32_t loss_percent = 0;
  std::uint32_t duplicate_percent = 0;
  std::uint32_t straggler_percent = 0;  // takes up to `straggler_max`: overtaken, or very late
  core::Duration straggler_max{};
  core::Duration delay_min = std::chrono::microseconds(50);
  core::Duration delay_max = std::chrono::microseconds(400);

  [[nodiscard]] bool any() const {
    return loss_percent != 0 || duplicate_percent != 0 || straggler_percent != 0;
  }
};

class Segment {
 public:
  explicit Segment(std::size_t ports)
      : ports_(ports), side_(ports, 0), unplugged_(ports, false), cut_(ports * ports, false) {}

  // Ports on different sides do not hear each other; side 0 is where everybody starts.
  void put_on_side(PortIndex port, int side) { side_[port] = side; }
  // One direction between two ports.
  void cut(PortIndex from, PortIndex to, bool is_cut) { cut_[from * ports_ + to] = is_cut; }
  void unplug(PortIndex port, bool is_unplugged) { unplugged_[port] = is_unplugged; }
  void heal();
  Faults faults;

  [[nodiscard]] bool connects(PortIndex from, PortIndex to) const {
    return !cut_[from * ports_ + to] && !unplugged_[from] && !unplugged_[to] &&
           side_[from] == side_[to];
  }
  // Do all ports that are plugged in hear each other?
  [[nodiscard]] bool is_whole() const;
  [[nodiscard]] bool loses(core::Rng& rng) const {
    return faults.loss_percent != 0 && rng.chance(faults.loss_percent, 100);
  }
  [[nodiscard]] bool duplicates(core::Rng& rng) const {
    return faults.duplicate_percent != 0 && rng.chance(faults.duplicate_percent, 100);
  }
  [[nodiscard]] core::Duration delay(core::Rng& rng) const;

  // The ports that a frame from `from` goes to; learns where its source is.
  [[nodiscard]] std::vector<PortIndex> forward(PortIndex from, const core::Mac& source,
                                               const core::Mac& target);
  [[nodiscard]] std::size_t ports() const { return ports_; }

 private:
  std::size_t ports_;
  std::vector<int> side_;
  std::vector<bool> unplugged_;
  std::vector<bool> cut_;
  std::map<core::Mac, PortIndex> learnt_;
};

// A host that talks to VIPs: it believes what ARP and NDP tell it.
class Host {
 public:
  Host(core::IpAddress address, core::Mac mac) : address_(address), mac_(mac) {}

  // The VIP whose entry changed, if one did.
  std::optional<core::IpAddress> on_frame(std::span<const std::uint8_t> frame, core::Instant now);
  // What the host would send a packet for `vip` to.
  [[nodiscard]] const core::Mac* cached(const core::IpAddress& vip) const;
  // It asked once and was told (or uses it for the first time).
  void learn(const core::IpAddress& vip, const core::Mac& mac) { cache_[vip] = mac; }
  // Until then it takes no notice of what it hears.
  void ignore_until(core::Instant until) { ignores_until_ = until; }
  [[nodiscard]] bool is_deaf(core::Instant now) const { return now < ignores_until_; }
  [[nodiscard]] const core::IpAddress& address() const { return address_; }
  [[nodiscard]] const core::Mac& mac() const { return mac_; }

 private:
  std::optional<core::IpAddress> merge(const core::IpAddress& sender, const core::Mac& mac);

  core::IpAddress address_;
  core::Mac mac_;
  std::map<core::IpAddress, core::Mac> cache_;
  core::Instant ignores_until_{};
};

}  // namespace vippy::sim
