// Many nodes, one segment, virtual time: the whole cluster in one process.
//
// Purpose: run unchanged daemons against simulated kernels and a simulated segment, and keep a
//          trace that a person can follow.
// Purity:  everything comes from the seed: the same seed gives the same trace, octet for octet.
// Units:   virtual nanoseconds since the start of the world.
// Order:   events at the same instant happen in the order in which they were scheduled.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "core/config.h"
#include "core/rng.h"
#include "daemon.h"
#include "tests/sim/segment.h"
#include "tests/sim/sim_platform.h"

namespace vippy::sim {

struct Machine {
  std::string name;
  core::Config config;  // what its file holds
  Kernel kernel;
  std::unique_ptr<SimPlatform> platform;  // null: no daemon runs
  std::unique_ptr<hall::Daemon> daemon;
  bool is_frozen = false;  // SIGSTOP: the kernel works, the daemon does not

  [[nodiscard]] bool holds(const core::Prefix& vip) const {
    return kernel.is_running && kernel.addresses.contains(vip);
  }
};

class World final : public Wire {
 public:
  World(std::uint64_t seed, std::size_t machines, std::size_t hosts);
  ~World() override;

  // ---- what can be done to the cluster
  void start(std::size_t machine);
  void stop(std::size_t machine);    // SIGTERM
  void kill(std::size_t machine);    // SIGKILL: the addresses stay
  void reload(std::size_t machine);  // SIGHUP
  void freeze(std::size_t machine, bool is_frozen);
  void set_link(std::size_t machine, bool is_running);
  void remove_address(std::size_t machine, const core::Prefix& prefix);  // by somebody else
  void configure(const core::Config& config);  // every machine's file
  void run_for(Duration duration);

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] core::Rng& rng() { return rng_; }
  [[nodiscard]] Segment& segment() { return segment_; }
  [[nodiscard]] std::vector<Machine>& machines() { return machines_; }
  [[nodiscard]] const std::vector<Machine>& machines() const { return machines_; }
  [[nodiscard]] std::vector<Host>& hosts() { return hosts_; }
  void say(std::string_view who, std::string_view what);
  [[nodiscard]] const std::string& trace() const { return trace_; }
  [[nodiscard]] std::size_t frames_sent() const { return frames_sent_; }
  std::uint32_t refuse_percent = 0;  // how often the kernel refuses an address

  // Wire
  void multicast(std::size_t machine, std::vector<std::uint8_t> bytes) override;
  void frame(std::size_t machine, std::vector<std::uint8_t> bytes) override;
  void put_on_wire(PortIndex from, std::vector<std::uint8_t> bytes);
  void receive(PortIndex to, const std::vector<std::uint8_t>& bytes);
  void later(Duration after, std::function<void()> what) override;
  Duration address_delay() override;
  bool refuses_address() override { return rng_.chance(refuse_percent, 100); }

 private:
  struct Scheduled {
    Instant at;
    std::uint64_t order;
    std::function<void()> what;
    bool operator>(const Scheduled& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void pump();
  bool turn(Machine& machine);
  [[nodiscard]] Instant next_instant() const;
  void hosts_talk();
  hall::Outside outside(std::size_t machine);

  core::Rng rng_;
  Instant now_{std::chrono::seconds(1)};
  Segment segment_;
  std::vector<Machine> machines_;
  std::vector<Host> hosts_;
  std::priority_queue<Scheduled, std::vector<Scheduled>, std::greater<>> queue_;
  std::uint64_t scheduled_ = 0;
  std::size_t frames_sent_ = 0;
  std::string trace_;
};

}  // namespace vippy::sim
