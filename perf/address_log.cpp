#include "perf/address_log.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "perf/stalls.h"

namespace vippy::lab {

namespace {

void apply(std::vector<unsigned>& nodes, const HolderChange& change) {
  std::erase(nodes, change.node);
  if (!change.is_there) return;
  nodes.push_back(change.node);
  std::sort(nodes.begin(), nodes.end());
}

}  // namespace

HolderTimes holder_times(std::vector<unsigned> holders, std::vector<unsigned> running,
                         const std::vector<HolderChange>& changes, Duration from, Duration to) {
  HolderTimes out;
  const auto count = [&](Duration begin, Duration end) {
    const auto time = std::max(std::min(end, to) - std::max(begin, from), Duration::zero());
    const auto both = std::count_if(holders.begin(), holders.end(), [&](unsigned node) {
      return std::find(running.begin(), running.end(), node) != running.end();
    });
    if (holders.empty()) out.none += time;
    if (holders.size() > 1) out.two += time;
    if (both > 1) out.two_running += time;
  };
  auto last = from;
  for (const auto& change : changes) {
    count(last, change.at);
    last = change.at;
    apply(change.is_daemon ? running : holders, change);
  }
  count(last, to);
  return out;
}

AddressLog::AddressLog(const std::vector<const NetSpace*>& nodes, const std::string& ip)
    : ip_(ip), seen_(nodes.size()), wake_(::eventfd(0, EFD_CLOEXEC)) {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    watches_.push_back(std::make_unique<AddressWatch>(*nodes[i]));
    if (has_address(*nodes[i], ip)) first_.push_back(static_cast<unsigned>(i + 1));
  }
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
  waiting.push_back({wake_, POLLIN, 0});
  while (!is_over_) {
    ::poll(waiting.data(), waiting.size(), -1);
    for (std::size_t i = 0; i < watches_.size(); ++i) {
      if (waiting[i].revents != 0) look(i);
    }
  }
}

void AddressLog::look(std::size_t node) {
  const auto now = wall_clock();
  const auto& all = watches_[node]->changes();
  const std::lock_guard lock(mutex_);
  for (auto& i = seen_[node]; i < all.size(); ++i) {
    if (all[i].compare(1, ip_.size() + 1, ip_ + "/") != 0) continue;
    changes_.push_back({now, static_cast<unsigned>(node + 1), all[i].front() == '+'});
  }
}

std::vector<unsigned> AddressLog::holders() const { return holders_at(Duration::max()); }

std::vector<unsigned> AddressLog::holders_at(Duration at) const {
  const std::lock_guard lock(mutex_);
  auto out = first_;
  for (const auto& change : changes_) {
    if (change.at <= at) apply(out, change);
  }
  return out;
}

std::vector<HolderChange> AddressLog::since(Duration at) const {
  const std::lock_guard lock(mutex_);
  std::vector<HolderChange> out;
  for (const auto& change : changes_) {
    if (change.at > at) out.push_back(change);
  }
  return out;
}

}  // namespace vippy::lab
