#include "tests/sim/segment.h"

#include <algorithm>

#include "packet/arp.h"
#include "packet/ndp.h"

namespace vippy::sim {

void Segment::heal() {
  std::fill(side_.begin(), side_.end(), 0);
  std::fill(unplugged_.begin(), unplugged_.end(), false);
  std::fill(cut_.begin(), cut_.end(), false);
}

bool Segment::is_whole() const {
  return std::find(cut_.begin(), cut_.end(), true) == cut_.end() &&
         std::adjacent_find(side_.begin(), side_.end(), std::not_equal_to<>()) == side_.end();
}

core::Duration Segment::delay(core::Rng& rng) const {
  const auto between = [&](core::Duration from, core::Duration to) {
    const auto span = static_cast<std::uint64_t>((to - from).count());
    return from + core::Duration(static_cast<std::int64_t>(rng.below(span + 1)));
  };
  if (faults.straggler_percent != 0 && rng.chance(faults.straggler_percent, 100)) {
    return between(faults.delay_max, std::max(faults.delay_max, faults.straggler_max));
  }
  return between(faults.delay_min, faults.delay_max);
}

std::vector<PortIndex> Segment::forward(PortIndex from, const core::Mac& source,
                                        const core::Mac& target) {
  if (!source.is_multicast()) learnt_[source] = from;
  const auto known = learnt_.find(target);
  if (!target.is_multicast() && known != learnt_.end()) {
    if (known->second == from || !connects(from, known->second)) return {};
    return {known->second};
  }
  std::vector<PortIndex> out;
  for (PortIndex port = 0; port < ports(); ++port) {
    if (port != from && connects(from, port)) out.push_back(port);
  }
  return out;
}

std::optional<core::IpAddress> Host::merge(const core::IpAddress& sender, const core::Mac& mac) {
  auto& entry = cache_[sender];
  if (entry == mac) return std::nullopt;
  entry = mac;
  return sender;
}

std::optional<core::IpAddress> Host::on_frame(std::span<const std::uint8_t> frame,
                                              core::Instant now) {
  if (is_deaf(now)) return std::nullopt;
  if (const auto arp = packet::decode_arp(frame)) {
    const auto& to = arp->ethernet_target;
    if (!to.is_multicast() && to != mac_) return std::nullopt;
    // RFC 826: a known sender is updated; an unknown one is added when we are the target.
    const core::IpAddress sender = arp->sender_ip;
    if (cache_.contains(sender) || core::IpAddress(arp->target_ip) == address_) {
      return merge(sender, arp->sender_mac);
    }
    return std::nullopt;
  }
  if (const auto na = packet::decode_na(frame)) {
    const core::IpAddress target = na->target;
    // RFC 4861 7.2.5: the override flag lets a new MAC in.
    if (cache_.contains(target) && na->is_override && na->link_layer) {
      return merge(target, *na->link_layer);
    }
  }
  return std::nullopt;
}

const core::Mac* Host::cached(const core::IpAddress& vip) const {
  const auto found = cache_.find(vip);
  return found == cache_.end() ? nullptr : &found->second;
}

}  // namespace vippy::sim
