#include "core/witness.h"

#include <algorithm>
#include <utility>

#include "core/question.h"

namespace vippy::core {

void Witness::configure(const std::vector<IpAddress>& hosts, Duration interval, Duration stale) {
  const auto before = std::exchange(hosts_, {});
  for (const auto& address : hosts) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const Host& host) {
      return host.address == address;
    });
    hosts_.push_back(known != before.end() ? *known : Host{address});
  }
  interval_ = std::clamp(interval, kAskEveryMin, kAskEvery);
  stale_ = stale;
  next_deadline_ = hosts_.empty() ? Instant::max() : Instant{};
}

std::size_t Witness::find(const IpAddress& address) const {
  const auto found = std::find_if(hosts_.begin(), hosts_.end(),
                                  [&](const Host& host) { return host.address == address; });
  return static_cast<std::size_t>(found - hosts_.begin());
}

void Witness::heard(const NeighbourSpoke& answer, Instant received) {
  const auto index = find(answer.address);
  if (index == hosts_.size() || !answer.is_answer) return;
  auto& host = hosts_[index];
  host.answered_at = std::max(received, host.answered_at.value_or(received));
  host.mac = answer.mac;
  host.is_missing = false;
}

void Witness::poll(bool is_urgent, const Neighbours& neighbours, const Interfaces& interfaces,
                   Instant now, Actions& out) {
  const bool is_new = is_urgent && !urgent_since_;
  if (!is_urgent) urgent_since_.reset();
  if (is_new) urgent_since_ = now;
  for (auto& host : hosts_) {
    const auto every = is_urgent ? interval_ : kAskEvery;
    if (!is_new && host.asked_at && now - *host.asked_at < every) continue;
    const bool has_answered = !host.asked_at || (host.answered_at &&
                                                 *host.answered_at >= *host.asked_at);
    host.is_missing = host.is_missing || !has_answered;
    host.asked_at = now;
    // It may have another MAC by now: who does not answer is asked for by everybody's.
    auto mac = host.mac ? host.mac : neighbours.find(host.address);
    if (host.is_missing) mac.reset();
    if (auto question = question_to(host.address, mac, interfaces)) {
      out.push_back(std::move(*question));
    }
  }
  next_deadline_ = hosts_.empty() ? Instant::max() : earliest(now);
}

std::optional<Instant> Witness::last_answer() const {
  std::optional<Instant> last;
  for (const auto& host : hosts_) {
    if (host.answered_at) last = std::max(*host.answered_at, last.value_or(*host.answered_at));
  }
  return last;
}

Witnesses Witness::verdict(Instant now) const {
  if (hosts_.empty()) return Witnesses::none;
  const auto last = last_answer();
  if (last && now - *last <= stale_) return Witnesses::answer;
  return urgent_since_ && now - *urgent_since_ > stale_ ? Witnesses::silent : Witnesses::unknown;
}

Instant Witness::earliest(Instant now) const {
  auto first = Instant::max();
  for (const auto& host : hosts_) {
    const auto every = urgent_since_ ? interval_ : kAskEvery;
    first = std::min(first, host.asked_at ? *host.asked_at + every : Instant{});
  }
  if (!urgent_since_) return first;
  const auto tick = Duration(1);
  if (const auto last = last_answer(); last && *last + stale_ >= now) {
    first = std::min(first, *last + stale_ + tick);
  }
  if (*urgent_since_ + stale_ >= now) first = std::min(first, *urgent_since_ + stale_ + tick);
  return first;
}

std::vector<Witness::Account> Witness::accounts(Instant now) const {
  std::vector<Account> out;
  for (const auto& host : hosts_) {
    const auto patience = 2 * kAskEvery + stale_;
    out.push_back({host.address, host.answered_at && now - *host.answered_at <= patience});
  }
  return out;
}

}  // namespace vippy::core
