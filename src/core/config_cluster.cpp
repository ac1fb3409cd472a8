#include "core/config_cluster.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/config_fields.h"
#include "core/keys.h"
#include "core/limits.h"
#include "core/listing.h"

namespace vippy::core {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kLeaseMax = hours(24);
constexpr std::size_t kSecretOctetsMax = 4'096;
constexpr unsigned kRealtimeMax = 99;  // sched_get_priority_max(SCHED_FIFO)

std::optional<std::string> read_one_secret(const JsonNode& node, ProblemLog& log) {
  // Never shown, whatever it is.
  if (!node.is_string()) {
    log.error(node, "found a secret that is no text, wants it in quotes");
    return std::nullopt;
  }
  if (node.text.empty() || node.text.size() > kSecretOctetsMax) {
    log.error(node, "found " + std::to_string(node.text.size()) +
                        " octets, wants a secret of 1 to " + std::to_string(kSecretOctetsMax) +
                        " octets, the same on all nodes (`openssl rand -hex 16` makes one)");
    return std::nullopt;
  }
  if (node.text == kSecretMask) {
    log.warning(node,
                "this is the mask that a printed configuration shows instead of its secret; "
                "put the secret here");
  }
  return node.text;
}

template <typename Choice, std::size_t Count>
void read_enum(const JsonNode& node, const std::array<std::string_view, Count>& names,
               Choice& out, ProblemLog& log) {
  if (const auto choice = read_choice(node, names, log)) out = static_cast<Choice>(*choice);
}

void read_flag(const JsonNode& node, bool& out, ProblemLog& log) {
  if (node.kind != JsonNode::Kind::boolean) return log.refuse(node, "true or false");
  out = node.boolean;
}

// Addresses of single hosts, each once.
void read_hosts(const JsonNode& node, std::size_t max, std::string_view wants,
                std::vector<IpAddress>& out, ProblemLog& log) {
  if (!node.is_array() || node.children.size() > max) return log.refuse(node, wants);
  for (const auto& item : node.children) {
    const auto address = item.is_string() ? parse_ip(item.text) : std::nullopt;
    const bool is_host = address && !address->is_multicast() && !address->is_unspecified();
    if (!is_host || std::find(out.begin(), out.end(), *address) != out.end()) {
      log.refuse(item, "the address of one host, each once");
      continue;
    }
    out.push_back(*address);
  }
}

}  // namespace

void read_secret(const JsonNode& node, Config& config, ProblemLog& log) {
  if (auto secret = read_one_secret(node, log)) config.secret = std::move(*secret);
}

void read_previous_secrets(const JsonNode& node, Config& config, ProblemLog& log) {
  if (!node.is_array() || node.children.size() >= kSecretsMax) {
    // Not refuse(): that would show them.
    return log.error(node, "wants a list of at most " + std::to_string(kSecretsMax - 1) +
                               " secrets that were used before");
  }
  for (const auto& item : node.children) {
    if (auto secret = read_one_secret(item, log)) {
      config.previous_secrets.push_back(std::move(*secret));
    }
  }
}

void read_protocol(const JsonNode& node, Config& config, ProblemLog& log) {
  if (node.is_number() && (node.number == 1 || node.number == 2)) {
    config.protocol = node.number == 1 ? Protocol::v1 : Protocol::v2;
  } else if (node.is_string() && node.text == "1+2") {
    config.protocol = Protocol::both;
  } else {
    log.refuse(node, "2, 1 (for clusters with nodes of the JavaScript program) or \"1+2\" (both)");
  }
}

void read_peers(const JsonNode& node, Config& config, ProblemLog& log) {
  read_hosts(node, kNodesMax, "a list of the nodes' addresses, [\"10.0.0.1\", \"10.0.0.2\"]",
             config.peers, log);
}

bool starts_with_digit(std::string_view text) {
  return !text.empty() && text.front() >= '0' && text.front() <= '9';
}

void read_failback(const JsonNode& node, Config& config, ProblemLog& log) {
  if (node.is_string() && node.text == "immediate") {
    config.failback = Duration::zero();
  } else if (node.is_string() && node.text == "never") {
    config.failback.reset();
  } else if (node.is_number() || (node.is_string() && starts_with_digit(node.text))) {
    const auto value = read_seconds(node, Duration::zero(), kTimeMax, log);
    if (value) config.failback = *value;
  } else {
    log.refuse(node, "\"immediate\", \"never\" or seconds");
  }
}

void read_handover(const JsonNode& node, Config& config, ProblemLog& log) {
  read_enum(node, kHandOverNames, config.handover, log);
}

void read_isolation(const JsonNode& node, Config& config, ProblemLog& log) {
  read_enum(node, kIsolationNames, config.isolation, log);
}

void read_quorum(const JsonNode& node, Config& config, ProblemLog& log) {
  read_enum(node, kQuorumNames, config.quorum, log);
}

void read_witness(const JsonNode& node, Config& config, ProblemLog& log) {
  read_hosts(node, kWitnessesMax,
             "a list of at most " + std::to_string(kWitnessesMax) +
                 " addresses of hosts on the segment, [\"10.0.0.254\"]",
             config.witness, log);
}

void read_plumb(const JsonNode& node, Config& config, ProblemLog& log) {
  read_enum(node, kPlumbNames, config.plumb, log);
}

void read_lease(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto value = read_seconds(node, Duration::zero(), kLeaseMax, log);
  config.lease = default_lease(config.stale);  // which was read before
  if (value && *value > Duration::zero() && *value < seconds(1)) {
    return log.refuse(node, "0 (no lease) or at least 1 second: kernels count whole seconds");
  }
  config.lease = value.value_or(config.lease);
}

void read_guard(const JsonNode& node, Config& config, ProblemLog& log) {
  read_flag(node, config.guard, log);
}

void read_guard_kill(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto value = read_seconds(node, milliseconds(10), hours(1), log);
  config.guard_kill = value.value_or(config.guard_kill);
}

void read_realtime(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto value = read_integer(node, 0, kRealtimeMax, log);
  if (value) config.realtime = static_cast<unsigned>(*value);
}

void read_lock_memory(const JsonNode& node, Config& config, ProblemLog& log) {
  read_flag(node, config.lock_memory, log);
}

namespace {

// What cannot be had by route, or not with it.
void check_plumb(const JsonNode& root, const Config& config, ProblemLog& log) {
  std::size_t ipv6 = 0;
  bool has_routes = false;
  for (const auto& group : config.shared->groups) {
    for (const auto& vip : group.vips) {
      if (vip.address.is_v6()) ++ipv6;
      has_routes = has_routes || plumb_of(vip, config) == Plumb::route;
    }
  }
  const auto* plumb = root.find("plumb");
  if (plumb != nullptr && config.plumb == Plumb::route && ipv6 > 0) {
    log.warning(*plumb, "the " + std::to_string(ipv6) +
                            " IPv6 VIPs are set as addresses all the same: for a route the kernel "
                            "answers no neighbour solicitation");
  }
  const auto* lease = root.find("lease");
  if (lease != nullptr && config.lease > Duration::zero() && has_routes) {
    log.warning(*lease, "routes have no lease: what is plumbed by route stays in the kernel when "
                        "vippyd and its guard die together, until vippyd is started again");
  }
}

// A node that stalls for less than `stale` keeps its groups: its addresses must outlast that.
void check_lease(const JsonNode& root, const Config& config, ProblemLog& log) {
  const auto* lease = root.find("lease");
  const bool is_short = config.lease > Duration::zero() && 2 * config.lease < 3 * config.stale;
  if (lease == nullptr || !is_short) return;
  log.warning(*lease, "lease is " + format_seconds(config.lease) + " s and stale " +
                          format_seconds(config.stale) +
                          " s: a stall between them drops addresses that nobody takes over, wants "
                          "lease to be at least 1.5 times stale");
}

// A VIP is wherever a node has it: it is no host that stands for itself.
void refuse_vips(const JsonNode& list, const std::vector<IpAddress>& hosts, const Config& config,
                 std::string_view why, ProblemLog& log) {
  const std::set<IpAddress> named(hosts.begin(), hosts.end());
  std::set<IpAddress> wrong;
  for (const auto& group : config.shared->groups) {
    for (const auto& vip : group.vips) {
      if (named.contains(vip.address)) wrong.insert(vip.address);
    }
  }
  for (const auto& item : list.children) {
    const auto address = parse_ip(item.text);
    if (address && wrong.contains(*address)) {
      log.error(item, found(item) + " is one of the VIPs: " + std::string(why));
    }
  }
}

void check_hosts(const JsonNode& root, const Config& config, ProblemLog& log) {
  if (const auto* witness = root.find("witness"); !config.witness.empty()) {
    refuse_vips(*witness, config.witness, config,
                "the node that has it would ask itself, and the others would ask that node; name "
                "a host that is always there, as a router",
                log);
  }
  if (const auto* peers = root.find("peers"); !config.peers.empty()) {
    refuse_vips(*peers, config.peers, config,
                "it moves from node to node; write the nodes' own addresses", log);
  }
}

// Nodes of protocol 1 act by who is active and by nothing else.
void check_protocol(const JsonNode& root, const Config& config, ProblemLog& log) {
  static constexpr std::array<std::string_view, 6> kOnlyIn2 = {
      "previous-secrets", "failback", "handover", "isolation", "quorum", "witness"};
  if (config.protocol != Protocol::v1) return;
  std::string idle;
  for (const auto key : kOnlyIn2) {
    if (root.find(key) != nullptr) append_item(idle, std::string(key));
  }
  if (idle.empty()) return;
  log.warning(*root.find("protocol"), "in protocol 1 these keys mean nothing: " + idle +
                                          "; take them out, or go on to protocol 2");
}

}  // namespace

Duration default_lease(Duration stale) {
  return std::clamp<Duration>(2 * stale, seconds(2), kLeaseMax);
}

void check_cluster(const JsonNode& root, const Config& config, ProblemLog& log) {
  if (const auto* peers = root.find("peers"); peers != nullptr && !config.peers.empty()) {
    const bool is_mixed = std::any_of(config.peers.begin(), config.peers.end(), [&](auto& peer) {
      return peer.is_v4() != config.chat_address.is_v4();
    });
    if (is_mixed) log.refuse(*peers, "addresses of the same family as `chat`, whose port is used");
  }
  const bool has_order = std::any_of(
      config.shared->groups.begin(), config.shared->groups.end(),
      [](const Group& group) { return !group.next_preferred.empty(); });
  if (has_order && speaks_1(config.protocol)) {
    log.error(*root.find("vips"),
              "a group prefers several nodes, and protocol 1 knows only one: name one, or set "
              "protocol to 2");
  }
  check_hosts(root, config, log);
  check_protocol(root, config, log);
  check_plumb(root, config, log);
  check_lease(root, config, log);
  const bool asks_nobody = config.isolation == Isolation::hold && config.quorum == Quorum::none;
  if (const auto* witness = root.find("witness"); !config.witness.empty() && asks_nobody) {
    log.warning(*witness,
                "nobody will be asked: a witness counts with \"isolation\": \"release\" or "
                "\"quorum\": \"majority\"");
  }
}

}  // namespace vippy::core
