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

// A hit list is used for so long: whoever became known meanwhile is told in the next round.
constexpr Duration kListAge = 50ms;

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
                           Duration refresh, std::uint32_t burst) {
  notify_ = std::move(notify);
  rate_ = std::max<std::uint32_t>(rate, 1);
  refresh_ = refresh;
  burst_ = std::clamp<std::uint32_t>(burst, 1, kBroadcastsPerMs);
  lists_.clear();
  // At most 5 ms worth of hits together, so that the loop need not wake more often.
  for (auto& [index, lane] : lanes_) {
    lane.hit_pace.rate = rate_;
    lane.hit_pace.burst = std::max(1.0, rate_ / 200.0);
    lane.broadcast_pace.burst = burst_;
  }
}

// ---- the pace ---------------------------------------------------------------------------------

void Advertiser::Pace::refill(Instant now) {
  const auto seconds = std::chrono::duration<double>(now - refilled).count();
  tokens = std::min(burst, tokens + seconds * rate);
  refilled = now;
}

bool Advertiser::Pace::take() {
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

Instant Advertiser::Pace::refilled_at() const {
  const double missing = std::max(0.0, std::min(burst, 8.0) - tokens);
  return refilled + Duration(static_cast<Duration::rep>(std::ceil(missing / rate * 1e9)));
}

Advertiser::Lane& Advertiser::lane(InterfaceIndex index, Instant now) {
  const auto [found, is_new] = lanes_.try_emplace(index);
  auto& lane = found->second;
  if (!is_new) return lane;
  const auto pace = [now](double rate, double burst) { return Pace{rate, burst, now, burst}; };
  lane.broadcast_pace = pace(kBroadcastsPerMs * 1e3, burst_);
  lane.repeat_pace = pace(kRepeatsPerMs * 1e3, kRepeatsPerMs);
  lane.hit_pace = pace(rate_, std::max(1.0, rate_ / 200.0));
  return lane;
}

bool Advertiser::take(InterfaceIndex index, Instant now) {
  auto& pace = lane(index, now).hit_pace;
  pace.refill(now);
  return pace.take();
}

Instant Advertiser::next_frame(InterfaceIndex index, Instant now) const {
  const auto found = lanes_.find(index);
  return found == lanes_.end() ? now : found->second.hit_pace.refilled_at();
}

// ---- VIPs that come and go --------------------------------------------------------------------

void Advertiser::start(InterfaceIndex index, const Prefix& vip, const Interfaces& interfaces,
                       Instant now, Actions& out) {
  stop(index, vip);
  const auto* interface = interfaces.find(index);
  if (interface == nullptr || !interface->is_ethernet) return;
  const auto id = next_id_++;
  jobs_[id] = {.index = index,
               .vip = vip,
               .network = own_network(vip, interface, interfaces),
               .is_urgent = true};
  ids_[{index, vip}] = id;
  auto& where = lane(index, now);
  where.urgent.push_back(id);
  send_urgent(where, interfaces, now, out);
  next_deadline_ = now;
}

void Advertiser::again(InterfaceIndex index, const Prefix& vip, const Interfaces& interfaces,
                       Instant now, Actions& out) {
  const auto known = ids_.find({index, vip});
  if (known == ids_.end()) return start(index, vip, interfaces, now, out);
  if (std::exchange(jobs_.at(known->second).is_urgent, true)) return;
  auto& where = lane(index, now);
  where.urgent.push_back(known->second);
  send_urgent(where, interfaces, now, out);
  next_deadline_ = now;
}

void Advertiser::stop(InterfaceIndex index, const Prefix& vip) {
  const auto known = ids_.find({index, vip});
  if (known != ids_.end()) drop(known->second);
}

void Advertiser::drop(JobId id) {
  const auto found = jobs_.find(id);
  waiting_.erase({found->second.round_at, id});
  ids_.erase({found->second.index, found->second.vip});
  jobs_.erase(found);
}

Advertiser::Job* Advertiser::find(JobId id) {
  const auto found = jobs_.find(id);
  return found == jobs_.end() ? nullptr : &found->second;
}

std::optional<Advertiser::JobId> Advertiser::next_in(std::deque<JobId>& queue, Pace& pace) {
  while (!queue.empty()) {
    const auto id = queue.front();
    const bool is_alive = jobs_.contains(id);
    if (is_alive && !pace.take()) return std::nullopt;
    queue.pop_front();
    if (is_alive) return id;
  }
  return std::nullopt;
}

// ---- what leaves ------------------------------------------------------------------------------

void Advertiser::broadcast(const Job& job, AdvertiseForm form, const Interfaces& interfaces,
                           Actions& out) {
  const auto* interface = interfaces.find(job.index);
  if (interface == nullptr) return;
  out.push_back(Advertise{job.index, job.vip.address, interface->mac, interface->forwards_ipv6,
                          form, IpAddress(), Mac::broadcast()});
}

void Advertiser::send_urgent(Lane& lane, const Interfaces& interfaces, Instant now, Actions& out) {
  lane.broadcast_pace.refill(now);
  if (now - lane.came_at > kStreamPause) lane.stream = 0;
  while (const auto id = next_in(lane.urgent, lane.broadcast_pace)) {
    auto& job = jobs_.at(*id);
    broadcast(job, AdvertiseForm::everyone, interfaces, out);
    if (lane.stream++ == 0) lane.began_at = now;
    lane.came_at = now;
    if (job.vip.address.is_v4() && !std::exchange(job.is_second, true)) {
      lane.seconds.push_back(*id);
    }
    job.is_urgent = false;
    if (job.round_at != Instant::max()) continue;
    job.round_at = now;
    waiting_.emplace(now, *id);
  }
}

Advertiser::Hits Advertiser::hits_of(const Job& job, const Neighbours& neighbours,
                                     const Interfaces& interfaces, Instant now) {
  if (now - lists_at_ > kListAge) lists_.clear();
  if (lists_.empty()) lists_at_ = now;
  auto& list = lists_[{job.index, job.network.first(), job.network.length}];
  if (!list) {
    list = std::make_shared<std::vector<HitTarget>>(
        hit_list(job.vip.address, job.network, notify_, neighbours, interfaces));
  }
  return list;
}

void Advertiser::begin_round(JobId id, Job& job, Lane& lane, const Neighbours& neighbours,
                             const Interfaces& interfaces, Instant now) {
  // A refresh is the broadcast alone.
  if (job.round < kRounds.size()) job.hits = hits_of(job, neighbours, interfaces, now);
  if (job.hits == nullptr || job.hits->empty()) return end_round(id, job, now);
  if (job.round == 0) {
    lane.telling.push_front(id);
  } else {
    lane.telling.push_back(id);
  }
}

// Few hosts learn from this form alone: it does not hold up the first word about another VIP.
void Advertiser::send_seconds(Lane& lane, const Interfaces& interfaces, Actions& out) {
  while (const auto id = next_in(lane.seconds, lane.repeat_pace)) {
    auto& job = jobs_.at(*id);
    job.is_second = false;
    broadcast(job, AdvertiseForm::everyone_reply, interfaces, out);
  }
}

void Advertiser::send_repeats(Lane& lane, const Neighbours& neighbours,
                              const Interfaces& interfaces, Instant now, Actions& out) {
  lane.repeat_pace.refill(now);
  if (!lane.urgent.empty() || now < lane.streams_until()) return;
  send_seconds(lane, interfaces, out);
  while (const auto id = next_in(lane.repeats, lane.repeat_pace)) {
    auto& job = jobs_.at(*id);
    broadcast(job, AdvertiseForm::everyone, interfaces, out);
    if (job.vip.address.is_v4()) {
      broadcast(job, AdvertiseForm::everyone_reply, interfaces, out);
    }
    begin_round(*id, job, lane, neighbours, interfaces, now);
  }
}

bool Advertiser::hit(Job& job, const Interfaces& interfaces, Actions& out) {
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

// One host a VIP, round and round, going on where the last poll ended: when there are more VIPs
// than frames in a burst, none of them waits for the others to finish.
void Advertiser::send_hits(Lane& lane, const Interfaces& interfaces, Instant now, Actions& out) {
  lane.hit_pace.refill(now);
  while (!lane.telling.empty() && lane.hit_pace.tokens >= 1) {
    const auto id = lane.telling.front();
    lane.telling.pop_front();
    auto* job = find(id);
    if (job == nullptr) continue;
    if (hit(*job, interfaces, out)) {
      lane.hit_pace.tokens -= 1;
      lane.telling.push_back(id);
    } else {
      end_round(id, *job, now);
    }
  }
}

void Advertiser::end_round(JobId id, Job& job, Instant now) {
  job.hits.reset();
  job.next_hit = 0;
  const auto ended = job.round++;
  if (job.round < kRounds.size()) {
    job.round_at += kRounds[job.round] - kRounds[ended];
  } else if (refresh_ == Duration::zero()) {
    return drop(id);
  } else {
    // Whoever was stopped for an hour says it once, not for each time it was due.
    const auto next = job.round_at + refresh_;
    job.round_at = next > now ? next : now + refresh_;
  }
  waiting_.emplace(job.round_at, id);
}

void Advertiser::poll(const Neighbours& neighbours, const Interfaces& interfaces, Instant now,
                      Actions& out) {
  if (now < next_deadline_) return;
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto id = waiting_.begin()->second;
    waiting_.erase(waiting_.begin());
    auto& job = jobs_.at(id);
    auto& where = lane(job.index, now);
    if (job.round == 0) {
      begin_round(id, job, where, neighbours, interfaces, now);  // its broadcast has left
    } else {
      where.repeats.push_back(id);
    }
  }
  for (auto& [index, lane] : lanes_) {
    send_urgent(lane, interfaces, now, out);
    send_repeats(lane, neighbours, interfaces, now, out);
    send_hits(lane, interfaces, now, out);
  }
  if (jobs_.empty()) lanes_.clear();
  next_deadline_ = earliest();
}

Instant Advertiser::earliest() const {
  auto first = waiting_.empty() ? Instant::max() : waiting_.begin()->first;
  for (const auto& [index, lane] : lanes_) {
    if (!lane.urgent.empty()) {
      first = std::min(first, lane.broadcast_pace.refilled_at());
    } else if (!lane.seconds.empty() || !lane.repeats.empty()) {
      first = std::min(first, std::max(lane.repeat_pace.refilled_at(), lane.streams_until()));
    }
    if (!lane.telling.empty()) first = std::min(first, lane.hit_pace.refilled_at());
  }
  return first;
}

}  // namespace vippy::core
