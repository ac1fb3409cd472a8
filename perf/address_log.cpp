#include "perf/address_log.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <iterator>

#include "perf/stalls.h"

namespace vippy::lab {

namespace {

// Of more addresses than this the changes come in streams: they are read this often, or the
// processor that their reader takes would be measured as the daemons'.
constexpr std::size_t kFewAddresses = 100;
constexpr timespec kStreamPause{0, 1'000'000};

// Two owners for the last so long are no hand-over that happens to be under way.
constexpr Duration kStays = std::chrono::milliseconds(20);

std::uint64_t bit(unsigned node) { return std::uint64_t{1} << node; }

std::vector<unsigned> numbers_in(std::uint64_t nodes) {
  std::vector<unsigned> out;
  for (unsigned node = 1; node < 64; ++node) {
    if ((nodes & bit(node)) != 0) out.push_back(node);
  }
  return out;
}

void apply(std::uint64_t& nodes, const HolderChange& change) {
  nodes = change.is_there ? nodes | bit(change.node) : nodes & ~bit(change.node);
}

}  // namespace

HolderTimes holder_times(const std::vector<unsigned>& holders, const std::vector<unsigned>& running,
                         const std::vector<HolderChange>& changes, Duration from, Duration to) {
  HolderTimes out;
  std::uint64_t held = 0;
  std::uint64_t alive = 0;
  for (const auto node : holders) held |= bit(node);
  for (const auto node : running) alive |= bit(node);
  const auto count = [&](Duration begin, Duration end) {
    const auto time = std::max(std::min(end, to) - std::max(begin, from), Duration::zero());
    if (held == 0) out.none += time;
    if (std::popcount(held) > 1) out.two += time;
    if (std::popcount(held & alive) > 1) out.two_running += time;
  };
  auto last = from;
  auto two_since = from;
  for (const auto& change : changes) {
    count(last, change.at);
    last = change.at;
    const bool were_two = std::popcount(held) > 1;
    apply(change.is_daemon ? alive : held, change);
    if (!were_two) two_since = change.at;
  }
  count(last, to);
  out.is_two_at_end = std::popcount(held) > 1 && to - two_since >= kStays;
  return out;
}

AddressLog::AddressLog(const std::vector<const NetSpace*>& nodes,
                       const std::vector<std::string>& ips, const NetSpace& client)
    : client_(client), seen_(nodes.size()), first_(ips.size()), wake_(::eventfd(0, EFD_CLOEXEC)) {
  for (std::size_t i = 0; i < ips.size(); ++i) numbers_[core::parse_ip(ips[i]).value()] = i;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    macs_.push_back(mac_of(*nodes[i], "eth0"));
    watches_.push_back(std::make_unique<AddressWatch>(*nodes[i]));
    const auto note = [&](const core::IpAddress& ip) {
      const auto found = numbers_.find(ip);
      if (found != numbers_.end()) first_[found->second] |= bit(static_cast<unsigned>(i + 1));
    };
    for (const auto& address : addresses(*nodes[i])) note(address.prefix.address);
    for (const auto& host : local_routes(*nodes[i])) note(core::parse_ip(host).value());
  }
  now_ = first_;
  thread_ = std::thread([this] { run(); });
}

AddressLog::~AddressLog() {
  is_over_ = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  thread_.join();
  ::close(wake_);
}

void AddressLog::run() {
  const sched_param priority{1};
  ::sched_setscheduler(0, SCHED_FIFO, &priority);  // where it is refused: as everybody
  std::vector<pollfd> waiting;
  for (const auto& watch : watches_) waiting.push_back({watch->descriptor(), POLLIN, 0});
  waiting.push_back({client_.descriptor(), POLLIN, 0});
  waiting.push_back({wake_, POLLIN, 0});
  while (!is_over_) {
    ::poll(waiting.data(), waiting.size(), -1);
    for (std::size_t i = 0; i < watches_.size(); ++i) {
      if (waiting[i].revents != 0) look(i);
    }
    if (waiting[watches_.size()].revents != 0) look_at_client();
    if (numbers_.size() > kFewAddresses) ::nanosleep(&kStreamPause, nullptr);
  }
}

void AddressLog::look(std::size_t node) {
  const auto now = wall_clock();
  const auto& all = watches_[node]->read();
  const std::lock_guard lock(mutex_);
  for (auto& i = seen_[node]; i < all.size(); ++i) {
    const auto found = numbers_.find(all[i].ip);
    if (found == numbers_.end()) continue;
    const HolderChange change{now, static_cast<unsigned>(node + 1), all[i].is_there, false,
                              found->second};
    changes_.push_back(change);
    apply(now_[found->second], change);
  }
}

void AddressLog::look_at_client() {
  const auto now = wall_clock();
  const auto changes = client_.take();
  const std::lock_guard lock(mutex_);
  for (const auto& change : changes) {
    const auto found = numbers_.find(change.ip);
    if (found == numbers_.end()) continue;
    const auto mac = std::find(macs_.begin(), macs_.end(), change.mac);
    const auto node = mac == macs_.end() ? 0 : static_cast<unsigned>(mac - macs_.begin() + 1);
    learnt_.push_back({now, found->second, node});
  }
}

std::vector<unsigned> AddressLog::holders(std::size_t address) const {
  const std::lock_guard lock(mutex_);
  return numbers_in(now_.at(address));
}

std::vector<std::vector<unsigned>> AddressLog::all_holders_at(Duration at) const {
  const std::lock_guard lock(mutex_);
  auto nodes = first_;
  for (const auto& change : changes_) {
    if (change.at <= at) apply(nodes[change.address], change);
  }
  std::vector<std::vector<unsigned>> out(nodes.size());
  std::transform(nodes.begin(), nodes.end(), out.begin(), numbers_in);
  return out;
}

std::vector<HolderChange> AddressLog::since(Duration at) const {
  const std::lock_guard lock(mutex_);
  std::vector<HolderChange> out;
  std::copy_if(changes_.begin(), changes_.end(), std::back_inserter(out),
               [at](const auto& change) { return change.at > at; });
  return out;
}

std::vector<Learnt> AddressLog::learnt_since(Duration at) const {
  const std::lock_guard lock(mutex_);
  std::vector<Learnt> out;
  std::copy_if(learnt_.begin(), learnt_.end(), std::back_inserter(out),
               [at](const auto& learnt) { return learnt.at > at; });
  return out;
}

template <typename Condition>
bool AddressLog::holds_of_all(std::size_t first, std::size_t end,
                              const Condition& condition) const {
  const std::lock_guard lock(mutex_);
  const auto from = now_.begin() + static_cast<std::ptrdiff_t>(first);
  const auto to = now_.begin() + static_cast<std::ptrdiff_t>(std::min(end, now_.size()));
  return std::all_of(from, to, condition);
}

bool AddressLog::are_at(unsigned node, std::size_t count) const {
  return holds_of_all(0, count, [&](Nodes nodes) { return nodes == bit(node); });
}

bool AddressLog::are_taken_from(unsigned node, std::size_t count) const {
  return holds_of_all(0, count, [&](Nodes nodes) { return (nodes & ~bit(node)) != 0; });
}

bool AddressLog::are_gone_from(unsigned node, std::size_t count) const {
  return holds_of_all(0, count, [&](Nodes nodes) {
    return nodes != 0 && (nodes & bit(node)) == 0;
  });
}

bool AddressLog::are_beside(unsigned node, std::size_t first, std::size_t end) const {
  return holds_of_all(first, end, [&](Nodes nodes) {
    return std::popcount(nodes) == 1 && nodes != bit(node);
  });
}

bool AddressLog::are_nowhere() const {
  return holds_of_all(0, now_.size(), [](Nodes nodes) { return nodes == 0; });
}

}  // namespace vippy::lab
