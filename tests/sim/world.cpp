#include "tests/sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "packet/arp.h"
#include "core/assert.h"

namespace vippy::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kHostsTalkEvery = 200ms;
constexpr int kTurnsPerInstantMax = 10'000;

core::Mac mac_of(std::uint8_t kind, std::size_t number) {
  return {{2, kind, 0, 0, static_cast<std::uint8_t>(number >> 8U),
           static_cast<std::uint8_t>(number)}};
}

core::Ipv4 address_of(std::uint8_t third, std::size_t number) {
  return {{10, 0, third, static_cast<std::uint8_t>(number + 1)}};
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

World::World(std::uint64_t seed, std::size_t machines, std::size_t hosts)
    : rng_(seed), segment_(machines + hosts) {
  for (std::size_t i = 0; i < machines; ++i) {
    auto& machine = machines_.emplace_back();
    machine.name = fmt::format("n{}", i + 1);
    machine.kernel.mac = mac_of(1, i + 1);
    machine.kernel.addresses[{address_of(0, i), 16}] = false;
  }
  for (std::size_t i = 0; i < hosts; ++i) hosts_.emplace_back(address_of(9, i), mac_of(9, i + 1));
  for (auto& machine : machines_) {
    for (const auto& host : hosts_) machine.kernel.neighbours[host.address()] = host.mac();
  }
  later(kHostsTalkEvery, [this] { hosts_talk(); });
}

World::~World() {
  // Daemons write to the trace until they are gone.
  for (auto& machine : machines_) machine.daemon.reset();
}

void World::say(std::string_view who, std::string_view what) {
  const auto ms = std::chrono::duration<double, std::milli>(now_.time_since_epoch()).count();
  fmt::format_to(std::back_inserter(trace_), "{:12.3f} {:<5} {}\n", ms - 1000.0, who, what);
}

hall::Outside World::outside(std::size_t machine) {
  hall::Outside out;
  out.read_config = [this, machine] {
    return core::ConfigReading{machines_[machine].config, {}};
  };
  out.open_log = [this, machine](const core::Logging&) {
    return std::make_unique<TraceSink>(*this, machines_[machine].name);
  };
  out.http_date = [] { return std::string("Thu, 01 Jan 1970 00:00:00 GMT"); };
  return out;
}

// ---- what can be done ---------------------------------------------------------------------------

void World::start(std::size_t index) {
  auto& machine = machines_[index];
  if (machine.daemon) return;
  say("world", "start " + machine.name);
  machine.is_frozen = false;
  machine.platform =
      std::make_unique<SimPlatform>(index, machine.kernel, *this, now_, rng_.next());
  machine.daemon = std::make_unique<hall::Daemon>(*machine.platform, machine.name, outside(index));
  machine.daemon->start(machine.config);
}

void World::stop(std::size_t index) {
  auto& machine = machines_[index];
  if (!machine.platform) return;
  say("world", "stop " + machine.name);
  machine.platform->deliver({platform::SignalCaught{platform::Signal::stop, 15}, nullptr});
}

void World::kill(std::size_t index) {
  auto& machine = machines_[index];
  if (!machine.daemon) return;
  say("world", "kill " + machine.name);
  machine.daemon.reset();
  machine.platform.reset();
}

void World::reload(std::size_t index) {
  auto& machine = machines_[index];
  if (!machine.platform) return;
  say("world", "reload " + machine.name);
  machine.platform->deliver({platform::SignalCaught{platform::Signal::reload, 1}, nullptr});
}

void World::freeze(std::size_t index, bool is_frozen) {
  say("world", (is_frozen ? "freeze " : "resume ") + machines_[index].name);
  machines_[index].is_frozen = is_frozen;
}

void World::set_link(std::size_t index, bool is_running) {
  auto& machine = machines_[index];
  if (machine.kernel.is_running == is_running) return;
  say("world", fmt::format("link of {} {}", machine.name, is_running ? "up" : "down"));
  machine.kernel.is_running = is_running;
  segment_.cut(index, !is_running);
  if (machine.platform) machine.platform->link_changed();
}

void World::remove_address(std::size_t index, const core::Prefix& prefix) {
  auto& machine = machines_[index];
  if (machine.kernel.addresses.erase(prefix) == 0) return;
  say("world", fmt::format("somebody removes {} from {}", core::format(prefix), machine.name));
  if (machine.platform) machine.platform->address_changed(prefix, false);
}

void World::configure(const core::Config& config) {
  for (auto& machine : machines_) machine.config = config;
}

// ---- the wire -----------------------------------------------------------------------------------

void World::later(Duration after, std::function<void()> what) {
  queue_.push({now_ + after, scheduled_++, std::move(what)});
}

Duration World::address_delay() {
  return 20us + Duration(static_cast<std::int64_t>(rng_.below(200'000)));
}

void World::multicast(std::size_t from, std::vector<std::uint8_t> bytes) {
  const auto payload = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  const core::IpAddress source = address_of(0, from);
  for (std::size_t to = 0; to < machines_.size(); ++to) {
    const bool is_own = to == from;
    if (!is_own && (!segment_.connects(from, to) || segment_.loses(rng_))) continue;
    later(is_own ? 5us : segment_.delay(rng_), [this, to, payload, source] {
      auto& platform = machines_[to].platform;
      if (!platform || !platform->has_chat() || !machines_[to].kernel.is_running) return;
      platform->deliver(
          {platform::Datagram{*payload, source, 5007, kEth0, now_}, payload});
    });
  }
}

void World::frame(std::size_t from, std::vector<std::uint8_t> bytes) {
  ++frames_sent_;
  VIPPY_ASSERT(std::equal(bytes.begin() + 6, bytes.begin() + 12,
                          machines_[from].kernel.mac.octets.begin()));
  put_on_wire(from, std::move(bytes));
}

void World::put_on_wire(PortIndex from, std::vector<std::uint8_t> bytes) {
  core::Mac target;
  core::Mac source;
  std::copy_n(bytes.begin(), 6, target.octets.begin());
  std::copy_n(bytes.begin() + 6, 6, source.octets.begin());
  for (const auto to : segment_.forward(from, source, target)) {
    if (segment_.loses(rng_)) continue;
    later(segment_.delay(rng_), [this, to, bytes] { receive(to, bytes); });
  }
}

// A host believes what it hears, a daemon is told of it, and either's kernel answers for its
// address. (Its VIPs, too: but nobody here asks for those.)
void World::receive(PortIndex to, const std::vector<std::uint8_t>& bytes) {
  const bool is_host = to >= machines_.size();
  if (is_host) {
    hosts_[to - machines_.size()].on_frame(bytes);
  } else {
    auto& machine = machines_[to];
    if (!machine.kernel.is_running) return;
    if (machine.platform && machine.platform->is_listening()) {
      const auto kept = std::make_shared<const std::vector<std::uint8_t>>(bytes);
      machine.platform->deliver({platform::FrameHeard{kEth0, *kept, now_}, kept});
    }
  }
  const auto arp = packet::decode_arp(bytes);
  const auto address = is_host ? hosts_[to - machines_.size()].address() : address_of(0, to);
  const auto mac = is_host ? hosts_[to - machines_.size()].mac() : machines_[to].kernel.mac;
  const bool is_asked = arp && arp->operation == packet::ArpOperation::request &&
                        address == core::IpAddress(arp->target_ip) &&
                        arp->sender_ip != arp->target_ip;
  if (!is_asked) return;
  std::vector<std::uint8_t> answer(packet::kArpFrameBytes);
  packet::encode(packet::arp_reply(arp->target_ip, mac, arp->sender_ip, arp->sender_mac), answer);
  put_on_wire(to, std::move(answer));
}

// Hosts that have no entry for a VIP ask for it; whoever has it and is reached answers.
void World::hosts_talk() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const auto port = machines_.size() + i;
    for (std::size_t m = 0; m < machines_.size(); ++m) {
      const auto& machine = machines_[m];
      if (!machine.kernel.is_running || !segment_.connects(port, m)) continue;
      for (const auto& [prefix, tagged] : machine.kernel.addresses) {
        if (hosts_[i].cached(prefix.address) == nullptr) {
          hosts_[i].learn(prefix.address, machine.kernel.mac);
        }
      }
    }
  }
  later(kHostsTalkEvery, [this] { hosts_talk(); });
}

// ---- time ---------------------------------------------------------------------------------------

bool World::turn(Machine& machine) {
  if (!machine.daemon || machine.is_frozen) return false;
  if (!machine.platform->has_events() && machine.daemon->next_deadline() > now_) return false;
  if (machine.daemon->turn()) {
    say("world", machine.name + " has ended");
    machine.daemon.reset();
    machine.platform.reset();
  }
  return true;
}

void World::pump() {
  for (int turns = 0;; ++turns) {
    VIPPY_ASSERT(turns < kTurnsPerInstantMax);  // a daemon that never sleeps
    bool progress = false;
    for (auto& machine : machines_) progress = turn(machine) || progress;
    if (!progress) return;
  }
}

Instant World::next_instant() const {
  auto next = queue_.empty() ? Instant::max() : queue_.top().at;
  for (const auto& machine : machines_) {
    if (machine.daemon && !machine.is_frozen) {
      next = std::min(next, machine.daemon->next_deadline());
    }
  }
  return next;
}

void World::run_for(Duration duration) {
  const auto end = now_ + duration;
  pump();
  for (auto next = next_instant(); next <= end; next = next_instant()) {
    now_ = std::max(now_, next);
    while (!queue_.empty() && queue_.top().at <= now_) {
      const auto what = queue_.top().what;
      queue_.pop();
      what();
    }
    pump();
  }
  now_ = end;
}

}  // namespace vippy::sim
