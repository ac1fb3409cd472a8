// The seam for the guard: the process beside the daemon that takes its addresses away when it
// dies or hangs.
//
// Purpose: let a world run a guard's pure logic on every machine. The machine's kernel carries out
//          what it decides, whether or not a daemon lives.
// Purity:  time is a parameter; no kernel, no descriptors.
// Order:   heartbeat() after each turn of the daemon; lets_go() at next_deadline() or later.
#pragma once

#include <functional>
#include <memory>

#include "core/config.h"
#include "core/time.h"

namespace vippy::sim {

class GuardModel {
 public:
  virtual ~GuardModel() = default;
  virtual void heartbeat(core::Instant now) = 0;
  // When the guard wants to be asked, at the latest; Instant::max(): never.
  [[nodiscard]] virtual core::Instant next_deadline() const = 0;
  // Asked once at a deadline: are the addresses with our mark to go, now?
  [[nodiscard]] virtual bool lets_go(core::Instant now) = 0;
};

using GuardMaker = std::function<std::unique_ptr<GuardModel>(const core::Config&)>;

}  // namespace vippy::sim
