#include "core/convergence.h"

#include <algorithm>
#include <array>

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

// After each question so long is waited for the answer.
constexpr std::array<Duration, 4> kPatience = {20ms, 100ms, 500ms, 2s};

std::size_t rounded_up(std::size_t number, std::size_t by) { return (number + by - 1) / by; }

}  // namespace

void Convergence::start(const Vip& vip, const Prefix& network, Instant now) {
  stop(vip);
  const auto id = next_id_++;
  const Network shared{vip.first, {network.first(), network.length}};
  jobs_[id] = {vip, shared, now};
  open_[vip] = id;
  results_[vip] = {};
  ++sharing_[shared];
  fresh_.push_back(id);
  next_deadline_ = now;
}

void Convergence::stop(const Vip& vip) {
  results_.erase(vip);
  const auto found = open_.find(vip);
  if (found != open_.end()) drop(found->second);
}

// What is still in the lane's lists finds no job any more.
void Convergence::drop(JobId id) {
  const auto found = jobs_.find(id);
  const auto& job = found->second;
  auto& lane = lanes_[job.vip.first];
  for (std::size_t i = 0; i < job.next; ++i) {
    if (!job.hosts[i].is_over) --lane.outstanding;
  }
  const auto sharing = sharing_.find(job.network);
  if (--sharing->second == 0) sharing_.erase(sharing);
  open_.erase(job.vip);
  jobs_.erase(found);
}

void Convergence::finish(JobId id) {
  const auto& job = jobs_.at(id);
  auto& result = results_[job.vip];
  result.is_done = true;
  result.took = job.took;
  if (result.asked > 0) reports_.push_back({job.vip, result});
  drop(id);
}

void Convergence::heard(const NeighbourSpoke& answer, Instant received) {
  const auto open = open_.find({answer.index, answer.asked_by});
  if (open == open_.end()) return;
  const auto id = open->second;
  auto& job = jobs_.at(id);
  const auto host = std::lower_bound(
      job.hosts.begin(), job.hosts.end(), answer.address,
      [](const Host& one, const IpAddress& address) { return one.address < address; });
  if (host == job.hosts.end() || host->address != answer.address) return;
  if (host->times == 0 || host->is_over) return;
  host->is_over = true;
  --lanes_[job.vip.first].outstanding;
  ++results_[job.vip].answered;
  job.took = std::max(job.took, received - job.began);
  if (--job.open == 0) finish(id);
}

void Convergence::give_up(JobId id, std::size_t host) {
  auto& job = jobs_.at(id);
  job.hosts[host].is_over = true;
  --lanes_[job.vip.first].outstanding;
  auto& result = results_[job.vip];
  ++result.silent;
  if (result.names.size() < kSilentNamed) result.names.push_back(job.hosts[host].address);
  if (--job.open == 0) finish(id);
}

// ---- whom to ask ------------------------------------------------------------------------------

void Convergence::begin(JobId id, Known& known, const Neighbours& neighbours,
                        const Interfaces& interfaces, std::span<const IpAddress> vips) {
  auto& job = jobs_.at(id);
  const auto& network = job.network.second;
  const auto [entry, is_new] = known.try_emplace(job.network);
  auto& hosts = entry->second;
  if (is_new) {
    hosts = neighbours.within(network);
    const bool has_ends = network.address.is_v4() && network.length < 31;
    std::erase_if(hosts, [&](const NeighbourEntry& one) {
      const bool is_end = one.address == network.first() || one.address == network.last();
      return (has_ends && is_end) || interfaces.is_own(one.address) ||
             std::binary_search(vips.begin(), vips.end(), one.address);
    });
  }
  const auto together = rounded_up(sharing_.at(job.network), kVipsPerHost);
  const auto stride = std::max(together, rounded_up(hosts.size(), kHostsPerVipMax));
  if (hosts.empty()) return finish(id);
  // Neighbouring jobs begin at neighbouring hosts; with few hosts somebody is asked by each.
  for (auto i = static_cast<std::size_t>(id) % std::min(stride, hosts.size()); i < hosts.size();
       i += stride) {
    job.hosts.push_back({hosts[i].address, hosts[i].mac});
  }
  job.open = job.hosts.size();
  results_[job.vip].asked = job.open;
  lanes_[job.vip.first].waiting.push_back(id);
}

// ---- asking -----------------------------------------------------------------------------------

void Convergence::ask(Lane& lane, JobId id, std::size_t index, const Interface& interface,
                      Instant now, Actions& out) {
  auto& job = jobs_.at(id);
  auto& host = job.hosts[index];
  out.push_back(Advertise{interface.index, job.vip.second, interface.mac, interface.forwards_ipv6,
                          AdvertiseForm::ask, host.address, host.mac});
  lane.again.emplace(now + kPatience[host.times++], id, index);
}

void Convergence::ask_new(InterfaceIndex index, Lane& lane, const Interface& interface,
                          Advertiser& pace, Instant now, Actions& out) {
  while (!lane.waiting.empty() && lane.outstanding < kOutstandingMax) {
    const auto id = lane.waiting.back();
    const auto found = jobs_.find(id);
    if (found == jobs_.end() || found->second.next >= found->second.hosts.size()) {
      lane.waiting.pop_back();
      continue;
    }
    if (!pace.take(index, now)) return;
    ++lane.outstanding;
    ask(lane, id, found->second.next++, interface, now, out);
  }
}

void Convergence::ask_again(InterfaceIndex index, Lane& lane, const Interface& interface,
                            Advertiser& pace, Instant now, Actions& out) {
  while (!lane.again.empty() && std::get<0>(*lane.again.begin()) <= now) {
    const auto [due, id, host] = *lane.again.begin();
    const auto found = jobs_.find(id);
    const bool is_over = found == jobs_.end() || found->second.hosts[host].is_over;
    const bool is_last = !is_over && found->second.hosts[host].times >= kPatience.size();
    if (!is_over && !is_last && !pace.take(index, now)) return;
    lane.again.erase(lane.again.begin());
    if (is_over) continue;
    if (is_last) {
      give_up(id, host);
    } else {
      ask(lane, id, host, interface, now, out);
    }
  }
}

void Convergence::poll(const Neighbours& neighbours, const Interfaces& interfaces,
                       std::span<const IpAddress> vips, Advertiser& pace, Instant now,
                       Actions& out) {
  if (now < next_deadline_) return;
  Known known;
  for (const auto id : std::exchange(fresh_, {})) {
    if (jobs_.contains(id)) begin(id, known, neighbours, interfaces, vips);
  }
  for (auto& [index, lane] : lanes_) {
    const auto* interface = interfaces.find(index);
    if (interface == nullptr) {  // its addresses went with it, and their jobs will
      lane.waiting.clear();
      lane.again.clear();
      continue;
    }
    ask_new(index, lane, *interface, pace, now, out);
    ask_again(index, lane, *interface, pace, now, out);
  }
  if (jobs_.empty()) lanes_.clear();
  next_deadline_ = earliest(pace, now);
}

Instant Convergence::earliest(const Advertiser& pace, Instant now) const {
  auto first = Instant::max();
  for (const auto& [index, lane] : lanes_) {
    if (!lane.again.empty()) {
      const auto due = std::get<0>(*lane.again.begin());
      first = std::min(first, due > now ? due : pace.next_frame(index, now));
    }
    if (!lane.waiting.empty() && lane.outstanding < kOutstandingMax) {
      first = std::min(first, pace.next_frame(index, now));
    }
  }
  return first;
}

const Convergence::Result* Convergence::result(const Vip& vip) const {
  const auto found = results_.find(vip);
  return found == results_.end() ? nullptr : &found->second;
}

}  // namespace vippy::core
