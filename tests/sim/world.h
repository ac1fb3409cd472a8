// Many nodes, one segment, virtual time: the whole cluster in one process.
//
// Purpose: run unchanged daemons against simulated kernels and a simulated segment, keep a story
//          that a person can follow, and show a witness everything that happens, as values.
// Purity:  everything comes from the seed: the same seed gives the same story, octet for octet.
// Units:   virtual nanoseconds since the start of the world.
// Order:   events at the same instant happen in the order in which they were scheduled.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/config.h"
#include "core/rng.h"
#include "daemon.h"
#include "tests/sim/history.h"
#include "tests/sim/segment.h"
#include "tests/sim/sim_guard.h"
#include "tests/sim/sim_platform.h"

namespace vippy::sim {

// What an operator can ask of a running daemon.
enum class Operation : std::uint8_t { stop, reload };

struct Machine {
  std::string name;
  std::string runs_as;  // its daemon's node; empty: its own
  core::Config config;  // what its file holds
  Kernel kernel;
  std::unique_ptr<SimPlatform> platform;  // null: no daemon runs
  std::unique_ptr<hall::Daemon> daemon;
  // The first one works; a daemon that was started again may have one that waits for it.
  std::vector<std::shared_ptr<SimGuard>> guards;
  bool is_powered = true;
  bool is_frozen = false;   // SIGSTOP: the kernel works, the daemon does not
  Duration late_max{};      // its waits return up to this much late
  Instant wakes_at = Instant::max();      // the daemon's next deadline
  Instant turned_at{};                    // when it last got round
  std::optional<Instant> woken_at;        // it has something to do, and does it then
  std::optional<Instant> silent_since;    // until its first announcement

  [[nodiscard]] bool holds(const core::Prefix& vip) const {
    return kernel.is_running && kernel.addresses.contains(vip);
  }
  [[nodiscard]] bool can_run() const { return daemon != nullptr && !is_frozen; }
  [[nodiscard]] DaemonState state() const;
  [[nodiscard]] DaemonState guard_state() const;
};

// An announcement that was on the wire.
struct Recorded {
  core::IpAddress source;
  Octets bytes;
  Instant at;
};

class World final : public Wire, public GuardedMachines {
 public:
  World(std::uint64_t seed, std::size_t machines, std::size_t hosts);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // ---- what can be done to the cluster
  void start(std::size_t machine);
  void operate(std::size_t machine, Operation operation);
  void stop(std::size_t machine) { operate(machine, Operation::stop); }      // SIGTERM
  void reload(std::size_t machine) { operate(machine, Operation::reload); }  // SIGHUP
  void kill(std::size_t machine);    // SIGKILL: the addresses stay
  void power_off(std::size_t machine);  // nothing is left; start() switches it on again
  void freeze(std::size_t machine, bool is_frozen);
  void freeze_guard(std::size_t machine, bool is_frozen);
  void run_as(std::size_t machine, const std::string& node);  // from its next start on
  void kill_guard(std::size_t machine);
  void set_late(std::size_t machine, Duration late_max);
  void set_link(std::size_t machine, bool is_running);
  void cut(PortIndex from, PortIndex to, bool is_cut);  // one direction
  void put_on_side(PortIndex port, int side);
  void heal();  // every cut; links stay as they are
  void set_traffic(const Faults& faults);
  // How often the kernels refuse an address, how long they take, how long notifications lag.
  void set_kernel(std::uint32_t refuse_percent, Duration address_delay_max, Duration lag_max);
  void remove_address(std::size_t machine, const core::Prefix& prefix);  // by somebody else
  void ignore(std::size_t host, Duration duration);
  // A datagram that no daemon sent arrives at the machine.
  void inject(std::size_t machine, Octets bytes, const core::IpAddress& source);
  void configure(std::size_t machine, const core::Config& config);  // the machine's file
  void configure(const core::Config& config);                       // every machine's file
  void run_for(Duration duration);

  [[nodiscard]] Instant now() const { return now_; }
  // A seam for tests that cut by hand; what is done to it is not shown to the witness.
  [[nodiscard]] Segment& segment() { return segment_; }
  [[nodiscard]] std::vector<Machine>& machines() { return machines_; }
  [[nodiscard]] const std::vector<Machine>& machines() const { return machines_; }
  [[nodiscard]] std::vector<Host>& hosts() { return hosts_; }
  [[nodiscard]] const std::vector<Host>& hosts() const { return hosts_; }
  // The last datagrams that were sent, and those that arrived at a machine, if somebody wants them.
  [[nodiscard]] const std::deque<Recorded>& recorded() const { return recorded_; }
  [[nodiscard]] const std::deque<Recorded>& arrived_at(std::size_t machine) const {
    return received_[machine];
  }
  [[nodiscard]] bool is_troubled() const;
  void say(std::string_view who, std::string_view what);
  [[nodiscard]] const std::string& trace() const { return trace_; }
  // What the world did, and what was noted about it: the trace without the daemons' words.
  void note(std::string_view what);
  [[nodiscard]] const std::string& story() const { return story_; }
  [[nodiscard]] std::size_t frames_sent() const { return frames_sent_; }
  // Announcements by all machines, and what they say [octets].
  [[nodiscard]] std::size_t datagrams_sent() const { return datagrams_sent_; }
  [[nodiscard]] std::size_t octets_sent() const { return octets_sent_; }
  std::uint32_t refuse_percent = 0;  // how often the kernel refuses an address
  Duration hosts_talk_every = std::chrono::milliseconds(200);
  bool has_guards = false;  // to be said before the first start
  bool keeps_recordings = false;

  // From now on the witness sees everything; it is first shown what is there.
  void show_to(Witness& witness);
  void see(Happening what);
  void see_cause(CauseKind kind, std::size_t machine = kNone) { see(seen::Cause{kind, machine}); }

  // Runs `what` after a while.
  void later(Duration after, std::function<void()> what) override;

  // Wire
  void multicast(std::size_t machine, std::span<const std::uint8_t> bytes) override;
  void frame(std::size_t machine, std::span<const std::uint8_t> bytes) override;
  Duration address_delay(std::size_t machine) override;
  Duration notification_lag(std::size_t machine) override;
  bool refuses_address(std::size_t machine) override;
  void address_changed(std::size_t machine, const core::Prefix& prefix, bool exists, bool is_ours,
                       By by) override;

  // GuardedMachines
  std::shared_ptr<SimGuard> start_guard(std::size_t machine, BoardOctets board) override;
  void speak_for(const SimGuard& guard, std::span<const std::uint8_t> bytes) override;
  void let_go_for(const SimGuard& guard, std::span<const platform::HeldAddress> held) override;
  void end_daemon_of(const SimGuard& guard) override;

 private:
  struct DatagramArrives {
    std::size_t from;
    std::size_t to;
    Octets bytes;
    bool is_timely;
  };
  struct FrameArrives {
    std::size_t host;
    Octets bytes;
  };
  using Due = std::variant<DatagramArrives, FrameArrives, std::function<void()>>;
  struct Scheduled {
    Instant at;
    std::uint64_t order;
    std::size_t place;  // of what happens, in due_: a heap moves its elements often
    bool operator>(const Scheduled& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };
  void schedule(Duration after, Due what);
  Due take_next();
  void happen(const DatagramArrives& what);
  void happen(const FrameArrives& what);
  void happen(const std::function<void()>& what) { what(); }
  void send(std::size_t from, std::span<const std::uint8_t> bytes);
  void carry(std::size_t from, std::size_t to, const Octets& bytes);
  Duration in_order(std::size_t from, PortIndex to, Duration delay);
  void set_hears(std::size_t from, std::size_t to, bool does);

  void pump();
  bool turn(std::size_t index);
  void ended(Machine& machine, std::size_t index);
  void guards_turn();
  void next_guard(std::size_t machine);
  void see_deed(const SimGuard& guard, GuardDeed deed);
  [[nodiscard]] Instant next_instant() const;
  void hosts_talk();
  void host_uses(std::size_t host, const core::IpAddress& vip);
  void trouble_may_have_changed();
  hall::Outside outside(std::size_t machine);

  core::Rng rng_;
  Instant now_{std::chrono::seconds(1)};
  Segment segment_;
  std::vector<Machine> machines_;
  std::vector<Host> hosts_;
  std::vector<bool> hears_;
  // A generator for each purpose of each machine: more frames of one do not change what befalls
  // the announcements of another.
  struct Chances {
    core::Rng announcements;
    core::Rng frames;
    core::Rng kernel;
    core::Rng waits;
  };
  std::vector<Chances> chances_;
  std::vector<Instant> arrived_;  // the latest arrival by (from, to): a switch keeps the order
  std::vector<Scheduled> queue_;  // a heap, the next one in front
  std::vector<Due> due_;
  std::vector<std::size_t> free_places_;  // in due_
  std::uint64_t scheduled_ = 0;
  static constexpr std::size_t kRecordedMax = 256;
  void record(std::deque<Recorded>& into, Recorded what) const;
  std::deque<Recorded> recorded_;
  std::vector<std::deque<Recorded>> received_;  // per machine
  std::size_t frames_sent_ = 0;
  std::size_t datagrams_sent_ = 0;
  std::size_t octets_sent_ = 0;
  Duration address_delay_max_ = std::chrono::microseconds(220);
  Duration lag_max_{};
  Witness* witness_ = nullptr;
  bool was_troubled_ = false;
  std::string trace_;
  std::string story_;
};

}  // namespace vippy::sim
