// The state of a cluster as its history tells it.
//
// Purpose: what checkers ask about: who runs, who hears whom, who holds what, what is calm.
// Purity:  a fold over entries.
// Order:   apply() in the order of the history.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/sim/history.h"
#include "tests/sim/rules.h"

namespace vippy::sim {

struct MachinePicture {
  DaemonState state = DaemonState::off;
  Instant state_since{};
  Instant paused{};  // when it last stopped running or became late
  Instant started{};
  Instant hit{};  // the latest cause here
  std::map<core::Prefix, bool> addresses;  // true: ours
  std::shared_ptr<const core::Shared> file;
  // What the daemon runs, by its own word; null: not known.
  std::shared_ptr<const core::Shared> shared;
  std::uint64_t version = 0;
  std::optional<Instant> configured;  // when it last said that this changed
  bool is_active = false;             // does it offer itself, by its own word?
  std::optional<Instant> inactive;    // when that last changed, or its guard spoke for it
  DaemonState guard = DaemonState::off;
  Instant guard_since{};

  [[nodiscard]] bool runs() const {
    return state == DaemonState::running || state == DaemonState::late;
  }
};

class Picture {
 public:
  explicit Picture(Rules rules);

  void apply(const Entry& entry);
  // Did the last entry change anything of it, or were those only words?
  [[nodiscard]] bool has_changed() const { return has_changed_; }

  [[nodiscard]] const Rules& rules() const { return rules_; }
  [[nodiscard]] const std::vector<MachinePicture>& machines() const { return machines_; }
  [[nodiscard]] std::size_t index_of(const std::string& node) const;
  [[nodiscard]] bool hears(std::size_t from, std::size_t to) const {
    return hears_[from * machines_.size() + to].does;
  }
  [[nodiscard]] Instant hears_since(std::size_t from, std::size_t to) const {
    return hears_[from * machines_.size() + to].since;
  }
  [[nodiscard]] bool hear_each_other(std::size_t one, std::size_t other) const {
    return hears(one, other) && hears(other, one);
  }
  // Machines that hold the address, whether or not a daemon runs there.
  [[nodiscard]] std::vector<std::size_t> holders(const core::Prefix& prefix) const;
  // What the machine has of ours, or carries as such.
  [[nodiscard]] bool holds(std::size_t machine, const core::IpAddress& vip) const;
  // (host, VIP) -> machine
  [[nodiscard]] const std::map<std::pair<std::size_t, core::IpAddress>, std::size_t>& caches()
      const {
    return caches_;
  }
  [[nodiscard]] bool is_troubled() const { return is_troubled_; }
  // No kernel was slow or refused anything in the last `duration`.
  [[nodiscard]] bool kernels_are_well(core::Duration duration, Instant now) const {
    return kernels_are_well_ && (!kernels_since_ || now - *kernels_since_ > duration);
  }
  // Nothing is wrong, and nothing was done for long enough that everything has come to rest.
  [[nodiscard]] bool is_calm(Instant now) const {
    return !is_troubled_ && now - last_cause_ >= rules_.settle();
  }
  [[nodiscard]] const std::optional<std::pair<Instant, seen::Peace>>& peace() const {
    return peace_;
  }
  // After peace and its bound.
  [[nodiscard]] bool must_be_right(Instant now) const {
    return peace_ && now > peace_->first + peace_->second.within;
  }

 private:
  [[nodiscard]] std::shared_ptr<const core::Shared> contents_of(
      const core::event::ConfigAdopted& adopted) const;
  struct Hearing {
    bool does = false;
    Instant since{};
  };

  void on(const seen::Cause& cause, Instant at);
  void on(const seen::Trouble& trouble, Instant at);
  void on(const seen::Kernels& kernels, Instant at);
  void on(const seen::Daemon& daemon, Instant at);
  void on(const seen::Guard& guard, Instant at);
  void on(const seen::GuardActs& acts, Instant at);
  void on(const seen::Address& address, Instant at);
  void on(const seen::Hears& hears, Instant at);
  void on(const seen::Spoke&, Instant) { has_changed_ = false; }
  void on(const seen::Cached& cached, Instant at);
  void on(const seen::FirstWord&, Instant) { has_changed_ = false; }
  void on(const seen::File& file, Instant at);
  void on(const seen::Said& said, Instant at);
  void on(const seen::Peace& peace, Instant at);
  void said(MachinePicture& machine, const core::LogEvent& event, Instant at);

  Rules rules_;
  bool has_changed_ = false;
  std::vector<MachinePicture> machines_;
  std::vector<Hearing> hears_;
  std::map<std::uint64_t, std::shared_ptr<const core::Shared>> files_;  // all, by their contents
  std::map<std::pair<std::size_t, core::IpAddress>, std::size_t> caches_;
  bool is_troubled_ = false;
  bool kernels_are_well_ = true;
  std::optional<Instant> kernels_since_;
  Instant last_cause_{};
  std::optional<std::pair<Instant, seen::Peace>> peace_;
};

// Every address of a configuration.
[[nodiscard]] std::vector<core::Prefix> vips_of(const core::Shared& shared);

}  // namespace vippy::sim
