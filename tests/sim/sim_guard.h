// A machine's guard in virtual time: both ends of what vippyd and vippy-guard are to each other.
//
// Purpose: run the real GuardLink, board and GuardWatch in the simulator. A guard outlives its
//          daemon, and can die or be frozen by itself.
// Purity:  no processes and no descriptors: the board is memory that both ends own.
// Order:   one guard works for a machine; the next one begins when the one before has ended.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "guard_watch.h"
#include "platform/guard_host.h"
#include "tests/sim/sim_platform.h"

namespace vippy::sim {

using BoardOctets = std::shared_ptr<std::byte[]>;

class SimGuard;

// What guards do to their machines; the world implements it.
class GuardedMachines {
 public:
  virtual ~GuardedMachines() = default;
  virtual std::shared_ptr<SimGuard> start_guard(std::size_t machine, BoardOctets board) = 0;
  virtual void speak_for(const SimGuard& guard, std::span<const std::uint8_t> bytes) = 0;
  virtual void let_go_for(const SimGuard& guard,
                          std::span<const platform::HeldAddress> held) = 0;
  virtual void end_daemon_of(const SimGuard& guard) = 0;
};

class SimGuard final : public platform::GuardHost {
 public:
  SimGuard(std::size_t machine, const Kernel& kernel, GuardedMachines& machines,
           const Instant& now, BoardOctets board);

  // It is the only one on its machine, and gets to work.
  void begin();
  // False: it has ended.
  [[nodiscard]] bool turn();
  [[nodiscard]] Instant next_deadline() const { return is_frozen_ ? Instant::max() : wakes_at_; }
  void set_frozen(bool is_frozen) { is_frozen_ = is_frozen; }
  [[nodiscard]] bool is_frozen() const { return is_frozen_; }
  [[nodiscard]] std::size_t machine() const { return machine_; }
  [[nodiscard]] bool is_orphan() const { return is_orphan_; }

  // Of its daemon: it wants to be looked at, it has died, it listens for the first report.
  void poke() { is_poked_ = true; wakes_at_ = Instant::min(); }
  void orphan() { is_orphan_ = true; poke(); }
  [[nodiscard]] std::optional<platform::Fitness> take_report();

  // GuardHost
  std::span<std::byte> board() override { return {board_.get(), sizeof(hall::Board)}; }
  platform::Fitness prepare(std::string_view) override { return {}; }
  void report(const platform::Fitness& fitness) override { report_ = fitness; }
  int set_priority(int) override { return 0; }
  void keep_in_memory(std::span<const std::byte>) override {}
  Instant now() const override { return now_; }
  bool wait(Instant) override { return is_orphan_; }
  int send(const platform::WillTarget& target, std::span<const std::uint8_t> bytes) override;
  int find(std::span<const platform::HeldAddress> held, bool needs_tag) override;
  platform::Removed remove_some(std::span<const platform::HeldAddress> held) override;
  void kill_daemon() override { machines_.end_daemon_of(*this); }
  void say(std::string_view) override {}

 private:
  std::size_t machine_;
  const Kernel& kernel_;
  GuardedMachines& machines_;
  const Instant& now_;
  BoardOctets board_;
  std::optional<hall::GuardWatch> watch_;  // from begin() on
  std::optional<platform::Fitness> report_;
  std::vector<platform::HeldAddress> found_;
  Instant wakes_at_ = Instant::max();
  bool is_poked_ = false;
  bool is_orphan_ = false;
  bool is_frozen_ = false;
};

// The daemon's end.
class SimGuardProcess final : public platform::GuardProcess {
 public:
  SimGuardProcess(std::size_t machine, GuardedMachines& machines);
  ~SimGuardProcess() override;
  SimGuardProcess(const SimGuardProcess&) = delete;
  SimGuardProcess& operator=(const SimGuardProcess&) = delete;

  std::span<std::byte> board() override { return {board_.get(), sizeof(hall::Board)}; }
  int board_error() const override { return 0; }
  int find_program(const std::string&) override { return 0; }
  int start(const std::string& name) override;
  Word listen() override;
  void poke() const override;
  bool is_running() const override { return is_running_; }
  int process() const override { return starts_; }

 private:
  std::size_t machine_;
  GuardedMachines& machines_;
  BoardOctets board_;
  std::weak_ptr<SimGuard> guard_;
  bool is_running_ = false;  // as far as this end knows
  int starts_ = 0;
};

}  // namespace vippy::sim
