#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "core/assert.h"
#include "packet/arp.h"
#include "packet/ndp.h"

namespace vippy::sim {

namespace {

using namespace std::chrono_literals;

constexpr int kTurnsPerInstantMax = 10'000;

core::Mac mac_of(std::uint8_t kind, std::size_t number) {
  return {{2, kind, 0, 0, static_cast<std::uint8_t>(number >> 8U),
           static_cast<std::uint8_t>(number)}};
}

core::Ipv4 address_of(std::uint8_t third, std::size_t number) {
  return {{10, 0, third, static_cast<std::uint8_t>(number + 1)}};
}

// The address that a frame of ours claims.
std::optional<core::IpAddress> spoken_of(std::span<const std::uint8_t> frame) {
  if (const auto arp = packet::decode_arp(frame)) return core::IpAddress(arp->sender_ip);
  if (const auto na = packet::decode_na(frame)) return core::IpAddress(na->target);
  return std::nullopt;
}

Duration up_to(core::Rng& chances, Duration most) {
  const auto count = chances.below(static_cast<std::uint64_t>(most.count()));
  return Duration(static_cast<std::int64_t>(count));
}

class TraceSink final : public hall::LogSink {
 public:
  TraceSink(World& world, std::string name) : world_(world), name_(std::move(name)) {}
  void write(core::Priority, std::string_view message) override { world_.say(name_, message); }

 private:
  World& world_;
  std::string name_;
};

}  // namespace

DaemonState Machine::state() const {
  if (!daemon) return DaemonState::off;
  if (is_frozen) return DaemonState::frozen;
  return late_max > Duration{} ? DaemonState::late : DaemonState::running;
}

World::World(std::uint64_t seed, std::size_t machines, std::size_t hosts)
    : rng_(seed),
      segment_(machines + hosts),
      hears_(machines * machines, false),
      arrived_(machines * (machines + hosts)),
      received_(machines) {
  for (std::size_t i = 0; i < machines; ++i) {
    chances_.push_back({core::Rng(rng_.next()), core::Rng(rng_.next()), core::Rng(rng_.next()),
                        core::Rng(rng_.next())});
    auto& machine = machines_.emplace_back();
    machine.name = fmt::format("n{}", i + 1);
    machine.kernel.mac = mac_of(1, i + 1);
    machine.kernel.addresses[{address_of(0, i), 16}] = false;
  }
  for (std::size_t i = 0; i < hosts; ++i) hosts_.emplace_back(address_of(9, i), mac_of(9, i + 1));
  for (auto& machine : machines_) {
    for (const auto& host : hosts_) machine.kernel.neighbours[host.address()] = host.mac();
  }
  later(hosts_talk_every, [this] { hosts_talk(); });
}

World::~World() {
  witness_ = nullptr;
  // Daemons write to the trace until they are gone.
  for (auto& machine : machines_) machine.daemon.reset();
}

void World::say(std::string_view who, std::string_view what) {
  const auto ms = std::chrono::duration<double, std::milli>(now_.time_since_epoch()).count();
  fmt::format_to(std::back_inserter(trace_), "{:12.3f} {:<5} {}\n", ms - 1000.0, who, what);
  if (who == "world") note(what);
}

void World::note(std::string_view what) {
  const auto ms = std::chrono::duration<double, std::milli>(now_.time_since_epoch()).count();
  fmt::format_to(std::back_inserter(story_), "{:10.1f} {}\n", ms - 1000.0, what);
}

hall::Outside World::outside(std::size_t machine) {
  hall::Outside out;
  out.read_config = [this, machine] {
    return core::ConfigReading{machines_[machine].config, {}};
  };
  out.open_log = [this, machine](const core::Logging&) {
    return std::make_unique<TraceSink>(*this, machines_[machine].name);
  };
  out.on_event = [this, machine](const core::LogEvent& event) {
    see(seen::Said{machine, event});
  };
  if (has_guards) {
    out.make_guard = [this, machine] {
      return std::make_unique<hall::GuardLink>(std::make_unique<SimGuardProcess>(machine, *this));
    };
  }
  out.http_date = [] { return std::string("Thu, 01 Jan 1970 00:00:00 GMT"); };
  return out;
}

// ---- the witness --------------------------------------------------------------------------------

void World::show_to(Witness& witness) {
  witness_ = &witness;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    see(seen::Daemon{i, machines_[i].state()});
    for (const auto& [prefix, is_ours] : machines_[i].kernel.addresses) {
      see(seen::Address{i, prefix, true, is_ours, By::somebody});
    }
  }
}

void World::see(Happening what) {
  if (witness_ != nullptr) witness_->see({now_, std::move(what)});
}

bool World::is_troubled() const {
  return !segment_.is_whole() || segment_.faults.any() || refuse_percent != 0 ||
         lag_max_ > Duration{} || address_delay_max_ > 220us ||
         std::any_of(machines_.begin(), machines_.end(),
                     [](const Machine& machine) {
                       return machine.is_frozen || machine.late_max > Duration{} ||
                              (machine.is_powered && !machine.kernel.is_running);
                     }) ||
         std::any_of(hosts_.begin(), hosts_.end(),
                     [&](const Host& host) { return host.is_deaf(now_); });
}

void World::trouble_may_have_changed() {
  const bool is_troubled_now = is_troubled();
  if (is_troubled_now == was_troubled_) return;
  was_troubled_ = is_troubled_now;
  see(seen::Trouble{is_troubled_now});
}

void World::address_changed(std::size_t machine, const core::Prefix& prefix, bool exists,
                            bool is_ours, By by) {
  see(seen::Address{machine, prefix, exists, is_ours, by});
}

// ---- the wire -----------------------------------------------------------------------------------

void World::schedule(Duration after, Due what) {
  auto place = due_.size();
  if (free_places_.empty()) {
    due_.push_back(std::move(what));
  } else {
    place = free_places_.back();
    free_places_.pop_back();
    due_[place] = std::move(what);
  }
  queue_.push_back({now_ + after, scheduled_++, place});
  std::push_heap(queue_.begin(), queue_.end(), std::greater<>());
}

World::Due World::take_next() {
  std::pop_heap(queue_.begin(), queue_.end(), std::greater<>());
  const auto place = queue_.back().place;
  queue_.pop_back();
  free_places_.push_back(place);
  return std::move(due_[place]);
}

void World::later(Duration after, std::function<void()> what) { schedule(after, std::move(what)); }

Duration World::address_delay(std::size_t machine) {
  return 20us + up_to(chances_[machine].kernel, address_delay_max_ - 20us);
}

Duration World::notification_lag(std::size_t machine) {
  return lag_max_ == Duration{} ? Duration{} : up_to(chances_[machine].kernel, lag_max_);
}

bool World::refuses_address(std::size_t machine) {
  return refuse_percent != 0 && chances_[machine].kernel.chance(refuse_percent, 100);
}

void World::set_hears(std::size_t from, std::size_t to, bool does) {
  const auto at = from * machines_.size() + to;
  if (hears_[at] == does) return;
  hears_[at] = does;
  see(seen::Hears{from, to, does});
}

void World::multicast(std::size_t from, std::span<const std::uint8_t> bytes) {
  auto& machine = machines_[from];
  if (machine.silent_since) {
    see(seen::FirstWord{from, now_ - *machine.silent_since});
    machine.silent_since.reset();
  }
  send(from, bytes);
}

void World::send(std::size_t from, std::span<const std::uint8_t> bytes) {
  const auto payload = std::make_shared<const std::vector<std::uint8_t>>(bytes.begin(),
                                                                         bytes.end());
  record(recorded_, {address_of(0, from), payload, now_});
  ++datagrams_sent_;
  octets_sent_ += bytes.size();
  auto& chances = chances_[from].announcements;
  for (std::size_t to = 0; to < machines_.size(); ++to) {
    if (to == from) {
      const auto* platform = machines_[from].platform.get();
      const bool comes_back = platform == nullptr || !platform->is_own(bytes);
      if (comes_back) schedule(5us, DatagramArrives{from, to, payload, true});
      continue;
    }
    if (!segment_.connects(from, to) || segment_.loses(chances)) {
      set_hears(from, to, false);
      continue;
    }
    carry(from, to, payload);
    if (segment_.duplicates(chances)) carry(from, to, payload);
  }
}

void World::record(std::deque<Recorded>& into, Recorded what) const {
  if (!keeps_recordings) return;
  into.push_back(std::move(what));
  if (into.size() > kRecordedMax) into.pop_front();
}

void World::carry(std::size_t from, std::size_t to, const Octets& bytes) {
  auto delay = segment_.delay(chances_[from].announcements);
  const bool is_timely = delay <= segment_.faults.delay_max;
  if (is_timely) {
    delay = in_order(from, to, delay);
  } else {
    set_hears(from, to, false);
  }
  schedule(delay, DatagramArrives{from, to, bytes, is_timely});
}

Duration World::in_order(std::size_t from, PortIndex to, Duration delay) {
  auto& arrived = arrived_[from * segment_.ports() + to];
  arrived = std::max(arrived, now_ + delay);
  return arrived - now_;
}

void World::happen(const DatagramArrives& what) {
  auto& machine = machines_[what.to];
  const bool arrives =
      machine.platform && machine.platform->has_chat() && machine.kernel.is_running;
  if (what.from != what.to && (what.is_timely || !arrives)) {
    set_hears(what.from, what.to, arrives);
  }
  if (!arrives) return;
  record(received_[what.to], {address_of(0, what.from), what.bytes, now_});
  machine.platform->deliver(
      {platform::Datagram{*what.bytes, address_of(0, what.from), 5007, kEth0, now_}, what.bytes});
}

void World::inject(std::size_t index, Octets bytes, const core::IpAddress& source) {
  auto& machine = machines_[index];
  if (!machine.platform || !machine.platform->has_chat() || !machine.kernel.is_running) return;
  machine.platform->deliver({platform::Datagram{*bytes, source, 5007, kEth0, now_}, bytes});
}

void World::frame(std::size_t from, std::span<const std::uint8_t> bytes) {
  ++frames_sent_;
  core::Mac target;
  core::Mac source;
  std::copy_n(bytes.begin(), 6, target.octets.begin());
  std::copy_n(bytes.begin() + 6, 6, source.octets.begin());
  VIPPY_ASSERT(source == machines_[from].kernel.mac);
  if (const auto vip = spoken_of(bytes)) see(seen::Spoke{from, *vip});
  const auto payload = std::make_shared<const std::vector<std::uint8_t>>(bytes.begin(),
                                                                         bytes.end());
  auto& chances = chances_[from].frames;
  for (const auto to : segment_.forward(from, source, target)) {
    if (to < machines_.size() || segment_.loses(chances)) continue;
    const auto delay = segment_.delay(chances);
    const bool is_timely = delay <= segment_.faults.delay_max;
    schedule(is_timely ? in_order(from, to, delay) : delay,
             FrameArrives{to - machines_.size(), payload});
  }
}

void World::happen(const FrameArrives& what) {
  if (const auto vip = hosts_[what.host].on_frame(*what.bytes, now_)) host_uses(what.host, *vip);
}

void World::host_uses(std::size_t host, const core::IpAddress& vip) {
  const auto* mac = hosts_[host].cached(vip);
  const auto found = std::find_if(machines_.begin(), machines_.end(), [&](const auto& machine) {
    return machine.kernel.mac == *mac;
  });
  see(seen::Cached{host, vip,
                   found == machines_.end()
                       ? kNone
                       : static_cast<std::size_t>(found - machines_.begin())});
}

// Hosts that have no entry for a VIP ask for it; whoever has it and is reached answers.
void World::hosts_talk() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const auto port = machines_.size() + i;
    for (std::size_t m = 0; m < machines_.size(); ++m) {
      const auto& machine = machines_[m];
      if (!machine.kernel.is_running || !segment_.connects(port, m)) continue;
      for (const auto& [prefix, tagged] : machine.kernel.addresses) {
        if (hosts_[i].cached(prefix.address) != nullptr) continue;
        hosts_[i].learn(prefix.address, machine.kernel.mac);
        host_uses(i, prefix.address);
      }
    }
  }
  later(hosts_talk_every, [this] { hosts_talk(); });
}

// ---- time ---------------------------------------------------------------------------------------

void World::ended(Machine& machine, std::size_t index) {
  machine.daemon.reset();
  machine.platform.reset();
  machine.wakes_at = Instant::max();
  machine.woken_at.reset();
  for (std::size_t from = 0; from < machines_.size(); ++from) set_hears(from, index, false);
  see(seen::Daemon{index, DaemonState::off});
}

bool World::turn(std::size_t index) {
  auto& machine = machines_[index];
  if (!machine.can_run()) return false;
  if (!machine.platform->has_events() && machine.wakes_at > now_) return false;
  if (machine.late_max > Duration{} && !machine.woken_at) {
    machine.woken_at = now_ + up_to(chances_[index].waits, machine.late_max);
  }
  if (machine.woken_at && *machine.woken_at > now_) return false;
  machine.woken_at.reset();
  machine.turned_at = now_;
  if (machine.daemon->turn()) {
    say("world", machine.name + " has ended");
    ended(machine, index);
    return true;
  }
  machine.wakes_at = machine.daemon->next_deadline();
  return true;
}

void World::pump() {
  for (int turns = 0;; ++turns) {
    VIPPY_ASSERT(turns < kTurnsPerInstantMax);  // a daemon that never sleeps
    bool progress = false;
    for (std::size_t i = 0; i < machines_.size(); ++i) progress = turn(i) || progress;
    if (!progress) return;
  }
}

Instant World::next_instant() const {
  auto next = queue_.empty() ? Instant::max() : queue_.front().at;
  for (const auto& machine : machines_) {
    if (!machine.guards.empty()) next = std::min(next, machine.guards.front()->next_deadline());
    if (machine.can_run()) next = std::min(next, machine.woken_at.value_or(machine.wakes_at));
  }
  return next;
}

void World::run_for(Duration duration) {
  const auto end = now_ + duration;
  pump();
  for (auto next = next_instant(); next <= end; next = next_instant()) {
    now_ = std::max(now_, next);
    while (!queue_.empty() && queue_.front().at <= now_) {
      const auto next_one = take_next();
      std::visit([this](const auto& what) { happen(what); }, next_one);
    }
    guards_turn();
    pump();
  }
  now_ = end;
}

}  // namespace vippy::sim
