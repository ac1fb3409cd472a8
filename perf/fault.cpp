#include "perf/fault.h"

namespace vippy::lab {

namespace {

struct Words {
  const char* name;
  const char* story;
};

Words words_of(Fault fault) {
  switch (fault) {
    case Fault::clean_stop: return {"clean-stop", "the daemon is stopped (SIGTERM)"};
    case Fault::preferred_returns:
      return {"preferred-returns", "the preferred node's daemon is started again"};
    case Fault::drain: return {"drain", "the node is drained before work on it"};
    case Fault::undrain: return {"undrain", "the drained node may serve again"};
    case Fault::reload_moves:
      return {"reload-moves", "the file is read again: another node is preferred"};
    case Fault::reload_stays: return {"reload-stays", "the file is read again: nothing moves"};
    case Fault::graduation:
      return {"graduation", "a new version on one node adds an address on another"};
    case Fault::kill_daemon: return {"kill-daemon", "the daemon is killed (SIGKILL)"};
    case Fault::kill_both:
      return {"kill-both", "the daemon and its guard (keepalived: its parent) are killed"};
    case Fault::freeze_daemon:
      return {"freeze-daemon",
              "the daemon is frozen (SIGSTOP), and resumed 100 ms after others serve"};
    case Fault::cut_silently:
      return {"cut-silently", "the switch drops all of the node's frames, its link stays up"};
    case Fault::link_down: return {"link-down", "the node loses its carrier"};
    case Fault::node_lost: return {"node-lost", "the node is cut off, and all that ran there dies"};
  }
  return {"", ""};
}

}  // namespace

const char* name_of(Fault fault) { return words_of(fault).name; }
const char* story_of(Fault fault) { return words_of(fault).story; }

std::optional<Fault> fault_named(const std::string& name) {
  for (const auto fault : kFaults) {
    if (name == name_of(fault)) return fault;
  }
  return std::nullopt;
}

bool is_return(Fault fault) {
  return fault == Fault::preferred_returns || fault == Fault::undrain;
}

bool is_move(Fault fault) { return fault != Fault::reload_stays && fault != Fault::graduation; }

}  // namespace vippy::lab
