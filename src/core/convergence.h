// Did the neighbours take the new MAC? The closed loop after a take-over.
//
// Purpose: each known neighbour of a VIP that came here is asked from the VIP; its answer comes to
//          the VIP and so proves that it has the new MAC. The silent are asked again, and in the
//          end one report for each VIP names them.
// Purity:  no clock; `now` is handed in. Appends Advertise actions in the form `ask`.
// Units:   Instant, Duration.
// Bounds:  kOutstandingMax open questions on an interface; frames share the pace of the hit
//          lists (notify-rate). kHostsPerVipMax hosts for a VIP. When more than kVipsPerHost VIPs
//          of a network are in question together, they share its neighbours: each VIP asks
//          every n-th of them, so that a neighbour is asked for about kVipsPerHost of them. Work
//          is O(log n) for a question and an answer.
// Order:   the most recent take-over first, new questions before repeated ones.
// Source:  RFC 826 (a request teaches the host it is for, and it answers the sender), RFC 4861
//          section 7.2.3 (the same for a solicitation).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "core/advertise.h"
#include "core/input.h"
#include "core/interfaces.h"
#include "core/neighbours.h"
#include "core/time.h"

namespace vippy::core {

class Convergence {
 public:
  static constexpr std::size_t kOutstandingMax = 1024;
  static constexpr std::size_t kHostsPerVipMax = 1024;
  static constexpr std::size_t kVipsPerHost = 16;
  static constexpr std::size_t kSilentNamed = 8;

  using Vip = std::pair<InterfaceIndex, IpAddress>;
  struct Result {
    std::size_t asked = 0;     // hosts, silent ones included
    std::size_t answered = 0;
    bool is_done = false;      // nobody will be asked again
    Duration took{};           // from the address to the last answer
    std::size_t silent = 0;
    std::vector<IpAddress> names;  // of silent ones, kSilentNamed at most
  };
  struct Report {
    Vip vip;
    Result result;
  };
  // The VIP came up here; the next poll() begins to ask.
  void start(const Vip& vip, const Prefix& network, Instant now);
  void stop(const Vip& vip);
  template <typename Keeps>
  void stop_unless(const Keeps& keeps) {
    std::vector<Vip> gone;
    for (const auto& [vip, result] : results_) {
      if (!keeps(vip)) gone.push_back(vip);
    }
    for (const auto& vip : gone) stop(vip);
  }
  void heard(const NeighbourSpoke& answer, Instant received);
  // `vips`: all that there are, sorted; they are not asked.
  void poll(const Neighbours& neighbours, const Interfaces& interfaces,
            std::span<const IpAddress> vips, Advertiser& pace, Instant now, Actions& out);

  [[nodiscard]] std::vector<Report> take_reports() { return std::exchange(reports_, {}); }
  // Null: it did not come up here.
  [[nodiscard]] const Result* result(const Vip& vip) const;
  [[nodiscard]] Instant next_deadline() const { return next_deadline_; }

 private:
  using JobId = std::uint64_t;
  using Network = std::pair<InterfaceIndex, Prefix>;  // its first address
  struct Host {
    IpAddress address;
    Mac mac;
    std::size_t times = 0;  // asked
    bool is_over = false;   // answered, or given up
  };
  struct Job {
    Vip vip;
    Network network;
    Instant began{};
    Duration took{};
    std::vector<Host> hosts;  // in the order of their addresses
    std::size_t next = 0;     // the first one that was not asked yet
    std::size_t open = 0;
  };
  struct Lane {  // of an interface
    std::vector<JobId> waiting;  // have hosts that were not asked yet; the most recent one last
    std::set<std::tuple<Instant, JobId, std::size_t>> again;
    std::size_t outstanding = 0;
  };
  using Known = std::map<Network, std::vector<NeighbourEntry>>;

  void begin(JobId id, Known& known, const Neighbours& neighbours, const Interfaces& interfaces,
             std::span<const IpAddress> vips);
  void ask_new(InterfaceIndex index, Lane& lane, const Interface& interface, Advertiser& pace,
               Instant now, Actions& out);
  void ask_again(InterfaceIndex index, Lane& lane, const Interface& interface, Advertiser& pace,
                 Instant now, Actions& out);
  void ask(Lane& lane, JobId id, std::size_t host, const Interface& interface, Instant now,
           Actions& out);
  void give_up(JobId id, std::size_t host);
  void finish(JobId id);
  void drop(JobId id);
  [[nodiscard]] Instant earliest(const Advertiser& pace, Instant now) const;

  std::map<JobId, Job> jobs_;
  std::map<Vip, JobId> open_;
  std::map<Vip, Result> results_;
  std::map<InterfaceIndex, Lane> lanes_;
  std::map<Network, std::size_t> sharing_;  // open jobs of the network
  std::vector<JobId> fresh_;                // not begun
  std::vector<Report> reports_;
  JobId next_id_ = 1;
  Instant next_deadline_ = Instant::max();
};

}  // namespace vippy::core
