// What the world saw, as values: the only thing that checkers look at.
//
// Purpose: one list of events for running worlds and for histories that are written by hand.
// Purity:  values; machines and hosts are indexes, names are in Rules.
// Order:   by time; entries of the same instant in the order in which they happened.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>

#include "core/config.h"
#include "core/ip.h"
#include "core/log_event.h"
#include "core/time.h"

namespace vippy::sim {

using core::Duration;
using core::Instant;

inline constexpr std::size_t kNone = SIZE_MAX;  // no machine; as a cause's place: everywhere

enum class DaemonState : std::uint8_t {
  off,      // killed, ended or never started
  running,
  late,     // runs, but its waits return late
  frozen,   // exists and does nothing (SIGSTOP)
};

// Everything that the world does to a cluster.
enum class CauseKind : std::uint8_t {
  start, stop, drain, kill, freeze, resume, late, link, cut, heal, traffic, kernel, theft,
  reload, file, deaf, peace, guard,
};

[[nodiscard]] std::string_view name(CauseKind kind);

// Who changed an address.
enum class By : std::uint8_t { daemon, guard, somebody };

// What a guard does on behalf of its daemon.
enum class GuardDeed : std::uint8_t { speaks, lets_go, kills };

namespace seen {

struct Cause { CauseKind kind{}; std::size_t machine = kNone; };
// Is anything in the world other than it should be (dead daemons aside)?
struct Trouble { bool is_there = false; };
// Do kernels take addresses, and in their usual time?
struct Kernels { bool are_well = true; };
struct Daemon { std::size_t machine = 0; DaemonState state{}; };
// The guard that works for a machine; `late` is not one of its states.
struct Guard { std::size_t machine = 0; DaemonState state{}; };
// `silent_for`: since its daemon last got round; nullopt: that one has ended.
struct GuardActs {
  std::size_t machine = 0;
  GuardDeed deed{};
  std::optional<Duration> silent_for;
};
struct Address {
  std::size_t machine = 0;
  core::Prefix prefix;
  bool is_there = false;
  bool is_ours = true;  // carries our mark
  By by = By::daemon;
};
// `to` receives what `from` sends, in time: an announcement arrived, and none was lost since.
struct Hears { std::size_t from = 0; std::size_t to = 0; bool does = false; };
// The machine's frame for the VIP is on the wire.
struct Spoke { std::size_t machine = 0; core::IpAddress vip; };
// From now on the host sends packets for the VIP to the machine.
struct Cached { std::size_t host = 0; core::IpAddress vip; std::size_t machine = kNone; };
// A daemon's first announcement after it did nothing for a while.
struct FirstWord { std::size_t machine = 0; Duration silent_for{}; };
// The machine's configuration file holds this.
struct File { std::size_t machine = 0; std::shared_ptr<const core::Shared> shared; };
struct Said { std::size_t machine = 0; core::LogEvent event; };
// No fault from here on; the cluster has `within` to come right.
struct Peace { std::shared_ptr<const core::Shared> shared; Duration within{}; };

}  // namespace seen

using Happening = std::variant<seen::Cause, seen::Trouble, seen::Daemon, seen::Address, seen::Hears,
                               seen::Spoke, seen::Cached, seen::FirstWord, seen::File, seen::Said,
                               seen::Peace, seen::Kernels, seen::Guard, seen::GuardActs>;

struct Entry {
  Instant at{};
  Happening what;
};

class Witness {
 public:
  virtual ~Witness() = default;
  virtual void see(const Entry& entry) = 0;
};

}  // namespace vippy::sim
