// Telling the neighbours: who hears of a VIP that came here, in what order and how fast.
//
// Purpose: at once a broadcast to everyone; then the hit list, host by host, at a steady pace; all
//          of it again after 100 ms, 1 s and 5 s, because a frame may be lost or a switch may
//          throttle; and the broadcast alone every `notify-refresh`, because somebody may have
//          been away, or believed the other side of a split.
// Purity:  no clock; `now` is handed in. Appends Advertise actions; frames are the hall's.
// Bounds:  one job per VIP; a hit list has at most kNotifyAddressesMax + kNeighboursMax hosts and
//          is shared by the VIPs of a network; `notify-rate` frames a second on each interface.
// Units:   frames a second.
// Order:   broadcasts first and unpaced (two frames a VIP), the most recent take-over first; hit
//          lists round-robin over the VIPs, so that all of them make progress.
// Source:  RFC 5227 section 2.3 (announcement), RFC 826 (a request updates whoever hears it),
//          RFC 4861 section 7.2.6 (unsolicited advertisements).
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "core/action.h"
#include "core/config.h"
#include "core/interfaces.h"
#include "core/neighbours.h"
#include "core/time.h"

namespace vippy::core {

struct HitTarget {
  IpAddress host;
  std::optional<Mac> mac;
  bool operator==(const HitTarget&) const = default;
};

// The hosts to be told of a VIP: the union of `notify` in order, cut to the VIP's own network (for
// a host prefix: the subnet of its interface), without ourselves, the VIP, the network address
// and the broadcast address. IPv6 knows only hosts whose MAC is known.
[[nodiscard]] std::vector<HitTarget> hit_list(const IpAddress& vip, const Prefix& network,
                                              const std::vector<NotifyEntry>& notify,
                                              const Neighbours& neighbours,
                                              const Interfaces& interfaces);

// The network whose hosts are told of the VIP: its own, or for a host prefix the interface's.
[[nodiscard]] Prefix own_network(const Prefix& vip, const Interface* interface,
                                 const Interfaces& interfaces);

class Advertiser {
 public:
  // `refresh` zero: a VIP is announced in its first seconds only.
  void configure(std::vector<NotifyEntry> notify, std::uint32_t rate, Duration refresh);

  // A VIP came up here (or must be told again): the first broadcast leaves with this call.
  void start(InterfaceIndex index, const Prefix& vip, const Interfaces& interfaces, Instant now,
             Actions& out);
  // Somebody else held the VIP too: one more broadcast now. The rounds go on as they were.
  void again(InterfaceIndex index, const Prefix& vip, const Interfaces& interfaces, Instant now,
             Actions& out);
  // The VIP is no longer here: not one more frame about it.
  void stop(InterfaceIndex index, const Prefix& vip);
  // Only the VIPs that `keeps(index, vip)` are spoken of from now on.
  template <typename Keeps>
  void stop_unless(const Keeps& keeps) {
    std::erase_if(jobs_, [&](const Job& job) { return !keeps(job.index, job.vip); });
  }

  void poll(const Neighbours& neighbours, const Interfaces& interfaces, Instant now, Actions& out);
  [[nodiscard]] Instant next_deadline() const { return next_deadline_; }
  // Others keep to the same pace: may one more frame leave on the interface? Counts it.
  bool take(InterfaceIndex index, Instant now);
  // When a few frames may leave there again.
  [[nodiscard]] Instant next_frame(InterfaceIndex index, Instant now) const;
  [[nodiscard]] std::size_t jobs() const { return jobs_.size(); }

 private:
  using Hits = std::shared_ptr<const std::vector<HitTarget>>;
  struct Job {
    InterfaceIndex index = 0;
    Prefix vip;
    Prefix network;
    std::size_t round = 0;
    Instant round_at{};  // when the round begins
    Hits hits;           // null: the round has not begun
    std::size_t next_hit = 0;
  };
  struct Pace {
    Instant refilled{};
    double tokens = 0;
  };

  void broadcast(const Job& job, const Interfaces& interfaces, Actions& out) const;
  // Lists collected in one poll: VIPs that begin together in the same network share theirs.
  using Lists = std::map<std::tuple<InterfaceIndex, IpAddress, std::uint8_t>, Hits>;
  void begin_round(Job& job, Lists& lists, const Neighbours& neighbours,
                   const Interfaces& interfaces, Instant now, Actions& out);
  // Sends one frame of the job's hit list; false when its list is done.
  bool hit(Job& job, const Interfaces& interfaces, Actions& out) const;
  void send_hits(const Interfaces& interfaces, Instant now, Actions& out);
  void refill(Pace& pace, Instant now) const;
  void end_round(Job& job, Instant now);
  [[nodiscard]] double burst() const;
  [[nodiscard]] Instant earliest() const;
  [[nodiscard]] Instant refilled_at(const Pace& pace) const;

  std::vector<NotifyEntry> notify_;
  std::uint32_t rate_ = 1;
  Duration refresh_{};
  Instant next_deadline_ = Instant::max();
  std::deque<Job> jobs_;
  std::size_t turn_ = 0;  // whose turn it is to send to its next host
  std::map<InterfaceIndex, Pace> paces_;
};

}  // namespace vippy::core
