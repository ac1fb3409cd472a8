#include "core/advertise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

// The first round begins at once, the others this long after the first.
constexpr std::array<Duration, 4> kRounds = {0ms, 100ms, 1s, 5s};

bool is_network_or_broadcast(const Prefix& network, const IpAddress& host) {
  // RFC 3021: networks of /31 have neither.
  return host.is_v4() && network.length < 31 &&
         (host == network.first() || host == network.last());
}

class HitCollector {
 public:
  HitCollector(const IpAddress& vip, const Prefix& network, const Neighbours& neighbours,
               const Interfaces& interfaces)
      : vip_(vip), network_(network), neighbours_(neighbours), interfaces_(interfaces) {}

  void add_known() {
    for (const auto& entry : neighbours_.within(network_)) add(entry.address, entry.mac);
  }

  void add_network(const Prefix& range) {
    if (range.address.family() != vip_.family()) return;
    if (vip_.is_v6()) {
      for (const auto& entry : neighbours_.within(range)) add(entry.address, entry.mac);
      return;
    }
    const auto first = std::max(range.first(), network_.first());
    const auto last = std::min(range.last(), network_.last());
    for (auto host = first; host <= last; host = vippy::core::add(host, 1)) {
      if (!is_network_or_broadcast(range, host)) add(host, neighbours_.find(host));
      if (host == last) break;
    }
  }

  std::vector<HitTarget> take() { return std::move(out_); }

 private:
  void add(const IpAddress& host, std::optional<Mac> mac) {
    if (host == vip_ || !network_.contains(host) || is_network_or_broadcast(network_, host) ||
        interfaces_.is_own(host)) {
      return;
    }
    if (seen_.insert(host).second) out_.push_back({host, mac});
  }

  const IpAddress& vip_;
  const Prefix& network_;
  const Neighbours& neighbours_;
  const Interfaces& interfaces_;
  std::set<IpAddress> seen_;
  std::vector<HitTarget> out_;
};

}  // namespace

Prefix own_network(const Prefix& vip, const Interface* interface, const Interfaces& interfaces) {
  if (vip.length != vip.address.bits() || interface == nullptr) return vip;
  return interfaces.subnet(*interface, vip.address).value_or(vip);
}

std::vector<HitTarget> hit_list(const IpAddress& vip, const Prefix& network,
                                const std::vector<NotifyEntry>& notify,
                                const Neighbours& neighbours, const Interfaces& interfaces) {
  HitCollector collector(vip, network, neighbours, interfaces);
  for (const auto& entry : notify) {
    if (entry.network) {
      collector.add_network(entry.network->network);
    } else {
      collector.add_known();
    }
  }
  return collector.take();
}

void Advertiser::configure(std::vector<NotifyEntry> notify, std::uint32_t rate,
                           Duration refresh) {
  notify_ = std::move(notify);
  rate_ = std::max<std::uint32_t>(rate, 1);
  refresh_ = refresh;
}

void Advertiser::start(InterfaceIndex index, const Prefix& vip, const Interfaces& interfaces,
                       Instant now, Actions& out) {
  stop(index, vip);
  const auto* interface = interfaces.find(index);
  if (interface == nullptr || !interface->is_ethernet) return;
  Job job{index, vip, own_network(vip, interface, interfaces), 0, now, nullptr, 0};
  broadcast(job, interfaces, out);
  jobs_.push_front(std::move(job));
  turn_ = 0;
  next_deadline_ = now;
}

void Advertiser::again(InterfaceIndex index, const Prefix& vip, const Interfaces& interfaces,
                       Instant now, Actions& out) {
  const auto job = std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& one) {
    return one.index == index && one.vip == vip;
  });
  if (job == jobs_.end()) return start(index, vip, interfaces, now, out);
  broadcast(*job, interfaces, out);
}

void Advertiser::stop(InterfaceIndex index, const Prefix& vip) {
  std::erase_if(jobs_, [&](const Job& job) { return job.index == index && job.vip == vip; });
}

void Advertiser::broadcast(const Job& job, const Interfaces& interfaces, Actions& out) const {
  const auto* interface = interfaces.find(job.index);
  if (interface == nullptr) return;
  out.push_back(Advertise{job.index, job.vip.address, interface->mac, interface->forwards_ipv6,
                          AdvertiseForm::everyone, IpAddress(), Mac::broadcast()});
}

void Advertiser::begin_round(Job& job, Lists& lists, const Neighbours& neighbours,
                             const Interfaces& interfaces, Instant now, Actions& out) {
  if (job.round == 0) job.round_at = now;
  if (job.round != 0) broadcast(job, interfaces, out);  // the first one left with start()
  if (job.round >= kRounds.size()) {
    job.hits = std::make_shared<std::vector<HitTarget>>();  // a refresh is the broadcast alone
    return;
  }
  auto& list = lists[{job.index, job.network.first(), job.network.length}];
  if (!list) {
    list = std::make_shared<std::vector<HitTarget>>(
        hit_list(job.vip.address, job.network, notify_, neighbours, interfaces));
  }
  job.hits = list;
}

bool Advertiser::hit(Job& job, const Interfaces& interfaces, Actions& out) const {
  const auto& hits = *job.hits;
  const auto* interface = interfaces.find(job.index);
  if (interface == nullptr) return false;
  // A shared list was collected for another VIP of the network: it may name this one.
  while (job.next_hit < hits.size() && hits[job.next_hit].host == job.vip.address) ++job.next_hit;
  if (job.next_hit >= hits.size()) return false;
  const auto& target = hits[job.next_hit++];
  const auto form = target.mac ? AdvertiseForm::directed : AdvertiseForm::ask_everyone;
  out.push_back(Advertise{job.index, job.vip.address, interface->mac, interface->forwards_ipv6,
                          form, target.host, target.mac.value_or(Mac::broadcast())});
  return true;
}

// At most this many frames leave together: 5 ms worth, so that the loop need not wake more often.
double Advertiser::burst() const { return std::max(1.0, rate_ / 200.0); }

void Advertiser::refill(Pace& pace, Instant now) const {
  const auto seconds = std::chrono::duration<double>(now - pace.refilled).count();
  pace.tokens = std::min(burst(), pace.tokens + seconds * rate_);
  pace.refilled = now;
}

void Advertiser::end_round(Job& job, Instant now) {
  job.hits.reset();
  job.next_hit = 0;
  const auto ended = job.round++;
  if (job.round < kRounds.size()) {
    job.round_at += kRounds[job.round] - kRounds[ended];
  } else {
    // Whoever was stopped for an hour says it once, not for each time it was due.
    const auto next = job.round_at + refresh_;
    job.round_at = next > now ? next : now + refresh_;
  }
}

// One host a VIP, round and round, going on where the last poll ended: when there are more VIPs
// than frames in a burst, none of them waits for the others to finish.
void Advertiser::send_hits(const Interfaces& interfaces, Instant now, Actions& out) {
  for (std::size_t passed_over = 0; passed_over < jobs_.size(); ++passed_over) {
    auto& job = jobs_[turn_++ % jobs_.size()];
    if (!job.hits) continue;
    auto& pace = paces_.try_emplace(job.index, Pace{now, burst()}).first->second;
    if (pace.tokens < 1) continue;
    if (hit(job, interfaces, out)) {
      pace.tokens -= 1;
      passed_over = SIZE_MAX;  // somebody made progress: once round again
    } else {
      end_round(job, now);
    }
  }
}

void Advertiser::poll(const Neighbours& neighbours, const Interfaces& interfaces, Instant now,
                      Actions& out) {
  if (now < next_deadline_) return;
  Lists lists;
  for (auto& job : jobs_) {
    if (job.hits || job.round_at > now) continue;
    begin_round(job, lists, neighbours, interfaces, now, out);
  }
  for (auto& [index, pace] : paces_) refill(pace, now);
  send_hits(interfaces, now, out);
  std::erase_if(jobs_, [&](const Job& job) {
    return job.round >= kRounds.size() && refresh_ == Duration::zero();
  });
  if (jobs_.empty()) paces_.clear();
  next_deadline_ = earliest();
}

Instant Advertiser::earliest() const {
  auto first = Instant::max();
  for (const auto& job : jobs_) {
    if (!job.hits) {
      first = std::min(first, job.round_at);
      continue;
    }
    const auto pace = paces_.find(job.index);
    if (pace == paces_.end()) return Instant::min();
    first = std::min(first, refilled_at(pace->second));
  }
  return first;
}

// A burst's worth at once costs fewer wake-ups than frame by frame.
Instant Advertiser::refilled_at(const Pace& pace) const {
  const double missing = std::max(0.0, std::min(burst(), 1.0 * 8) - pace.tokens);
  return pace.refilled + Duration(static_cast<Duration::rep>(std::ceil(missing / rate_ * 1e9)));
}

bool Advertiser::take(InterfaceIndex index, Instant now) {
  auto& pace = paces_.try_emplace(index, Pace{now, burst()}).first->second;
  refill(pace, now);
  if (pace.tokens < 1) return false;
  pace.tokens -= 1;
  return true;
}

Instant Advertiser::next_frame(InterfaceIndex index, Instant now) const {
  const auto pace = paces_.find(index);
  return pace == paces_.end() ? now : refilled_at(pace->second);
}

}  // namespace vippy::core
