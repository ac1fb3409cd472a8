// Telling the neighbours: who hears of a VIP that came here, in what order and how fast.
//
// Purpose: at once a broadcast to everyone; then the hit list, host by host, at a steady pace; all
//          of it again after 100 ms, 1 s and 5 s, because a frame may be lost or a switch may
//          throttle; and the broadcast alone every `notify-refresh`, because somebody may have
//          been away, or believed the other side of a split.
// Purity:  no clock; `now` is handed in. Appends Advertise actions; frames are the hall's.
// Bounds:  one job per VIP; a hit list has at most kNotifyAddressesMax + kNeighboursMax hosts and
//          is shared by the VIPs of a network. On each interface leave, in a millisecond, at most
//          kBroadcastsPerMs broadcasts of VIPs that have come, `burst` at once after a pause, as
//          many as kRepeatsPerMs second forms and repeated ones, and `notify-rate` frames a second
//          of the hit lists. Work is O(log VIPs) for a frame and for a VIP that comes or
//          goes.
// Units:   frames a second; a repeated broadcast of an IPv4 VIP is two frames.
// Order:   the broadcasts of VIPs that have come, in that order and in the form that nearly every
//          host learns from, before their second forms, and these before all repeated ones; while
//          hundreds come one after the other, both wait until the last one has come; hit
//          lists round-robin over the VIPs, so that all of them make progress, the most recent
//          take-over first.
// Source:  RFC 5227 section 2.3 (announcement), RFC 826 (a request updates whoever hears it),
//          RFC 4861 section 7.2.6 (unsolicited advertisements).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
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
  static constexpr std::uint32_t kBroadcastsPerMs = 128;
  static constexpr std::uint32_t kRepeatsPerMs = 16;
  // A stream of VIPs is over when none has come for so long.
  static constexpr Duration kStreamPause = std::chrono::milliseconds(2);
  // One that goes on for longer does not hold up the rest any more.
  static constexpr Duration kStreamMax = std::chrono::milliseconds(500);

  // `refresh` zero: a VIP is announced in its first seconds only. `burst`: at most
  // kBroadcastsPerMs.
  void configure(std::vector<NotifyEntry> notify, std::uint32_t rate, Duration refresh,
                 std::uint32_t burst = kBroadcastsPerMs);

  // A VIP came up here (or must be told again): the first broadcast leaves with this call, or
  // waits for its turn when many came together.
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
    std::vector<Vip> gone;
    for (const auto& [vip, id] : ids_) {
      if (!keeps(vip.first, vip.second)) gone.push_back(vip);
    }
    for (const auto& [index, vip] : gone) stop(index, vip);
  }

  void poll(const Neighbours& neighbours, const Interfaces& interfaces, Instant now, Actions& out);
  [[nodiscard]] Instant next_deadline() const { return next_deadline_; }
  // Others keep to the same pace: may one more frame leave on the interface? Counts it.
  bool take(InterfaceIndex index, Instant now);
  // When a few frames may leave there again.
  [[nodiscard]] Instant next_frame(InterfaceIndex index, Instant now) const;
  [[nodiscard]] std::size_t jobs() const { return jobs_.size(); }

 private:
  using Vip = std::pair<InterfaceIndex, Prefix>;
  using JobId = std::uint64_t;
  using Hits = std::shared_ptr<const std::vector<HitTarget>>;
  struct Job {
    InterfaceIndex index = 0;
    Prefix vip;
    Prefix network;
    std::size_t round = 0;
    Instant round_at = Instant::max();  // when the round begins; max: after the first broadcast
    Hits hits;                          // null: the round has not begun
    std::size_t next_hit = 0;
    bool is_urgent = false;  // its broadcast waits for its turn
    bool is_second = false;  // and so does the same in the other form
  };
  // Tokens come in steadily, up to a burst; one leaves with each frame.
  struct Pace {
    double rate = 1;  // a second
    double burst = 1;
    Instant refilled{};
    double tokens = 1;
    void refill(Instant now);
    [[nodiscard]] bool take();
    // When a few have come in: that costs fewer wake-ups than frame by frame.
    [[nodiscard]] Instant refilled_at() const;
  };
  // What waits on an interface. Of jobs that ended meanwhile only the numbers are left here.
  struct Lane {
    std::deque<JobId> urgent;   // broadcasts of VIPs that have come
    std::deque<JobId> seconds;  // the same once more, in the other form
    std::deque<JobId> repeats;  // rounds that are due
    std::deque<JobId> telling;  // hit lists, in turns
    Pace broadcast_pace;
    Pace repeat_pace;
    Pace hit_pace;
    std::uint32_t stream = 0;  // VIPs that came one after the other
    Instant began_at{};        // the first of them
    Instant came_at{};         // the latest
    // Until when nothing holds up those that still come.
    [[nodiscard]] Instant streams_until() const {
      if (stream <= kBroadcastsPerMs) return Instant{};
      return std::min(came_at + kStreamPause, began_at + kStreamMax);
    }
  };

  Lane& lane(InterfaceIndex index, Instant now);
  void send_urgent(Lane& lane, const Interfaces& interfaces, Instant now, Actions& out);
  void send_repeats(Lane& lane, const Neighbours& neighbours, const Interfaces& interfaces,
                    Instant now, Actions& out);
  void send_hits(Lane& lane, const Interfaces& interfaces, Instant now, Actions& out);
  void send_seconds(Lane& lane, const Interfaces& interfaces, Actions& out);
  static void broadcast(const Job& job, AdvertiseForm form, const Interfaces& interfaces,
                        Actions& out);
  void begin_round(JobId id, Job& job, Lane& lane, const Neighbours& neighbours,
                   const Interfaces& interfaces, Instant now);
  Hits hits_of(const Job& job, const Neighbours& neighbours, const Interfaces& interfaces,
               Instant now);
  // Sends one frame of the job's hit list; false when its list is done.
  static bool hit(Job& job, const Interfaces& interfaces, Actions& out);
  void end_round(JobId id, Job& job, Instant now);
  void drop(JobId id);
  [[nodiscard]] Job* find(JobId id);
  // Takes the first of the queue that has not ended, if the pace lets it speak now.
  [[nodiscard]] std::optional<JobId> next_in(std::deque<JobId>& queue, Pace& pace);
  [[nodiscard]] Instant earliest() const;

  std::vector<NotifyEntry> notify_;
  std::uint32_t rate_ = 1;
  Duration refresh_{};
  std::uint32_t burst_ = kBroadcastsPerMs;
  Instant next_deadline_ = Instant::max();
  JobId next_id_ = 1;
  std::map<JobId, Job> jobs_;
  std::map<Vip, JobId> ids_;
  std::set<std::pair<Instant, JobId>> waiting_;  // for their round
  std::map<InterfaceIndex, Lane> lanes_;
  // VIPs of the same network that begin at about the same time share their list.
  std::map<std::tuple<InterfaceIndex, IpAddress, std::uint8_t>, Hits> lists_;
  Instant lists_at_{};
};

}  // namespace vippy::core
