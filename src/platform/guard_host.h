// What the guard needs of the operating system, on its side and on the daemon's.
//
// Purpose: GuardWatch and GuardLink without knowing the operating system, or in virtual time.
// Purity:  knows no VIPs, peers or decisions: memory, processes, addresses and datagrams.
// Units:   core::Instant of Platform::now(); errno values, 0 = done.
// Bounds:  the guard's side allocates at its start only.
// Errors:  Fitness says what the system refused; removals and sends answer errno values.
// Order:   daemon: make_guard_process(), find_program(), start(). Guard: make_guard_host(), then
//          prepare(), which also waits until an earlier guard of the same name is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/ip.h"
#include "core/time.h"
#include "platform/platform.h"

namespace vippy::platform {

struct HeldAddress {
  InterfaceIndex index = 0;
  core::Prefix prefix;
  core::Plumb plumb = core::Plumb::address;
  auto operator<=>(const HeldAddress&) const = default;
};

// What became of the guard's wishes; errno values. Sent to the daemon once, when it is ready.
struct Fitness {
  std::uint32_t form = 1;
  std::int32_t memory_lock = 0;   // its memory can be paged out
  std::int32_t out_of_memory = 0;  // the kernel may choose it when memory runs out
  std::int32_t name = 0;          // an earlier guard may still be there
  std::int32_t removal = 0;       // EPERM: it cannot remove addresses
  std::int32_t kill = 0;          // it cannot kill a daemon that hangs
};

// ---- the guard's side -------------------------------------------------------------------------

struct Removed {
  std::size_t count = 0;  // of this call
  int os_error = 0;       // the first refusal
  bool is_complete = false;
};

class GuardHost {
 public:
  virtual ~GuardHost() = default;

  // The daemon's memory; empty when it cannot be mapped.
  [[nodiscard]] virtual std::span<std::byte> board() = 0;
  // Locks memory, survives what can be survived, opens sockets. Before board(): of that, which is
  // as large as the largest cluster, only what is in use is to be kept in memory.
  [[nodiscard]] virtual Fitness prepare(std::string_view name) = 0;
  virtual void report(const Fitness& fitness) = 0;
  // The usual priority for 0. An errno value.
  [[nodiscard]] virtual int set_priority(int priority) = 0;
  // Makes sure that this memory is there when it is needed.
  virtual void keep_in_memory(std::span<const std::byte> memory) = 0;

  [[nodiscard]] virtual core::Instant now() const = 0;
  // Until the deadline, a word of the daemon, or its death; true: it is dead.
  [[nodiscard]] virtual bool wait(core::Instant deadline) = 0;
  [[nodiscard]] virtual int send(const WillTarget& target, std::span<const std::uint8_t> bytes) = 0;

  // Looks which of these (sorted) are there, with our mark if they must have it; how many.
  [[nodiscard]] virtual int find(std::span<const HeldAddress> held, bool needs_tag) = 0;
  // Removes a batch of what find() found, secondary addresses first.
  [[nodiscard]] virtual Removed remove_some(std::span<const HeldAddress> held) = 0;

  virtual void kill_daemon() = 0;
  // One line for the operator, where the daemon's standard error goes. May wait: the last thing.
  virtual void say(std::string_view line) = 0;
};

// In the process that a GuardProcess started.
[[nodiscard]] std::unique_ptr<GuardHost> make_guard_host();

// ---- the daemon's side ------------------------------------------------------------------------

class GuardProcess {
 public:
  virtual ~GuardProcess() = default;  // the guard takes it for our death

  // Memory that each guard is handed; zero at first, empty when there is none.
  [[nodiscard]] virtual std::span<std::byte> board() = 0;
  [[nodiscard]] virtual int board_error() const = 0;
  // Finds the program: the one given, else beside this one, else where it is installed. The file
  // stays open: a guard that is started again later is of the same version.
  [[nodiscard]] virtual int find_program(const std::string& path) = 0;
  // Starts it with the board and a name.
  [[nodiscard]] virtual int start(const std::string& name) = 0;

  struct Word {
    bool is_gone = false;  // it has ended, since the last call
    std::optional<Fitness> fitness;
  };
  // Does not block. To be called now and then.
  [[nodiscard]] virtual Word listen() = 0;
  // Makes it look at the board now.
  virtual void poke() const = 0;
  [[nodiscard]] virtual bool is_running() const = 0;
  [[nodiscard]] virtual int process() const = 0;
};

[[nodiscard]] std::unique_ptr<GuardProcess> make_guard_process(std::size_t board_octets);

}  // namespace vippy::platform
