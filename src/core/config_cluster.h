// Keys of the configuration file about how nodes speak to each other and give way to each other.
//
// Purpose: read protocol, secrets, peers, failback, handover, isolation, quorum, witness, lease,
//          guard and scheduling; check_cluster() judges what holds between them.
// Purity:  tree in, value out; faults go to the log.
// Errors:  one problem for each fault: what was found, what is allowed.
// Source:  docs/config.md.
#pragma once

#include "core/config.h"
#include "core/config_problems.h"
#include "core/tree_json.h"

namespace vippy::core {

void read_secret(const JsonNode& node, Config& config, ProblemLog& log);
void read_previous_secrets(const JsonNode& node, Config& config, ProblemLog& log);
void read_protocol(const JsonNode& node, Config& config, ProblemLog& log);
void read_peers(const JsonNode& node, Config& config, ProblemLog& log);
void read_failback(const JsonNode& node, Config& config, ProblemLog& log);
void read_handover(const JsonNode& node, Config& config, ProblemLog& log);
void read_isolation(const JsonNode& node, Config& config, ProblemLog& log);
void read_quorum(const JsonNode& node, Config& config, ProblemLog& log);
void read_witness(const JsonNode& node, Config& config, ProblemLog& log);
void read_plumb(const JsonNode& node, Config& config, ProblemLog& log);
void read_lease(const JsonNode& node, Config& config, ProblemLog& log);
void read_guard(const JsonNode& node, Config& config, ProblemLog& log);
void read_guard_kill(const JsonNode& node, Config& config, ProblemLog& log);
void read_realtime(const JsonNode& node, Config& config, ProblemLog& log);
void read_lock_memory(const JsonNode& node, Config& config, ProblemLog& log);

// When no lease is given: a stall that is shorter than `stale` must not drop addresses.
[[nodiscard]] Duration default_lease(Duration stale);

void check_cluster(const JsonNode& root, const Config& config, ProblemLog& log);

}  // namespace vippy::core
