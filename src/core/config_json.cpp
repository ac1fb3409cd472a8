#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/config.h"
#include "core/config_cluster.h"
#include "core/config_fields.h"
#include "core/config_problems.h"
#include "core/config_shared.h"
#include "core/limits.h"
#include "core/tree_json.h"
#include "core/wire1.h"
#include "core/wire2.h"

namespace vippy::core {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kRefreshMin = seconds(1);
constexpr std::size_t kChatInterfaceOctetsMax = 45;  // the longest text of an address
constexpr std::size_t kPathOctetsMax = 4'095;  // PATH_MAX without the final NUL
constexpr std::string_view kChatWants =
    "a multicast address and a port, \"224.1.1.1:5007\" or \"[ff02::5007]:5007\"";
constexpr std::string_view kNotifyWants =
    "\"arp-cache\", {\"interface\": \"eth0\", \"ip\": \"10.0.0.0/24\"}, or a list of these";

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || port == 0 || text[0] == '0') return std::nullopt;
  return port;
}

void read_chat(const JsonNode& node, Config& config, ProblemLog& log) {
  const std::string_view text = node.text;
  const auto colon = text.rfind(':');
  if (!node.is_string() || colon == std::string_view::npos) return log.refuse(node, kChatWants);
  auto host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  const auto address = parse_ip(host);
  const auto port = parse_port(text.substr(colon + 1));
  if (!address || address->is_v6() != is_bracketed || !address->is_multicast()) {
    return log.refuse(node, kChatWants);
  }
  if (!port) return log.refuse(node, std::string(kChatWants) + ", the port from 1 to 65535");
  config.chat_address = *address;
  config.chat_port = *port;
}

void read_chat_interface_entry(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto text = read_text(node, "\"all\", an interface's name or a local address",
                              kChatInterfaceOctetsMax, log);
  if (!text) return;
  const bool looks_like_ipv4 = text->find_first_not_of("0123456789.") == std::string::npos;
  if (looks_like_ipv4 && !parse_ip(*text)) {
    return log.refuse(node, "\"all\", an interface's name or a local address such as 10.0.0.1");
  }
  auto& known = config.chat_interfaces;
  if (std::find(known.begin(), known.end(), *text) != known.end()) {
    return log.refuse(node, "each path once");
  }
  known.push_back(*text);
}

void read_chat_interface(const JsonNode& node, Config& config, ProblemLog& log) {
  config.chat_interfaces.clear();
  if (!node.is_array()) return read_chat_interface_entry(node, config, log);
  for (const auto& item : node.children) read_chat_interface_entry(item, config, log);
  const auto& paths = config.chat_interfaces;
  const bool has_all = std::find(paths.begin(), paths.end(), "all") != paths.end();
  if (node.children.empty() || node.children.size() > kChatPathsMax ||
      (has_all && node.children.size() > 1)) {
    log.refuse(node, "1 to " + std::to_string(kChatPathsMax) +
                         " interfaces' names or local addresses, or \"all\" alone");
  }
}

void read_interval(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto value = read_seconds(node, milliseconds(1), hours(1), log);
  config.interval = value.value_or(config.interval);
}

void read_mature(const JsonNode& node, Config& config, ProblemLog& log) {
  config.mature = read_seconds(node, Duration::zero(), kTimeMax, log).value_or(config.mature);
}

void read_stale(const JsonNode& node, Config& config, ProblemLog& log) {
  config.stale = read_seconds(node, milliseconds(1), kTimeMax, log).value_or(config.stale);
}

void read_arp_cache(const JsonNode& node, Config& config, ProblemLog& log) {
  config.arp_cache = read_seconds(node, milliseconds(1), kTimeMax, log).value_or(config.arp_cache);
}

void read_notify_network(const JsonNode& object, Config& config, ProblemLog& log) {
  static constexpr std::array<std::string_view, 2> kKeys = {"interface", "ip"};
  check_keys(object, kKeys, log);
  const auto* interface = object.find("interface");
  const auto* ip = object.find("ip");
  if (interface == nullptr) log.missing(object, "interface", "the name of an interface");
  if (ip == nullptr) log.missing(object, "ip", "a network such as \"10.0.0.0/24\"");
  if (interface == nullptr || ip == nullptr) return;
  auto name = read_interface(*interface, log);
  const auto prefix = ip->is_string() ? parse_prefix(ip->text) : std::nullopt;
  if (!prefix) return log.refuse(*ip, "a network such as \"10.0.0.0/24\"");
  if (prefix->address.bits() - prefix->length > 16) {
    const auto shortest = std::to_string(prefix->address.bits() - 16);
    return log.refuse(*ip, "at most " + std::to_string(kNotifyAddressesMax) +
                               " addresses: a prefix length of " + shortest + " or more");
  }
  if (name) config.notify.push_back({NotifyNetwork{std::move(*name), *prefix}});
}

void read_notify_entry(const JsonNode& node, Config& config, ProblemLog& log) {
  if (node.is_object()) return read_notify_network(node, config, log);
  if (node.is_string() && node.text == "arp-cache") {
    config.notify.push_back({});
  } else {
    log.refuse(node, kNotifyWants);
  }
}

void read_notify(const JsonNode& node, Config& config, ProblemLog& log) {
  if (!node.is_array()) return read_notify_entry(node, config, log);
  for (const auto& item : node.children) read_notify_entry(item, config, log);
}

void read_notify_refresh(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto value = read_seconds(node, Duration::zero(), kTimeMax, log);
  if (value && *value > Duration::zero() && *value < kRefreshMin) {
    return log.refuse(node, "0 (never) or at least 1 second");
  }
  config.notify_refresh = value.value_or(config.notify_refresh);
}

void read_notify_rate(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto rate = read_integer(node, 1, 1'000'000, log);
  if (rate) config.notify_rate = static_cast<std::uint32_t>(*rate);
}

void read_inject(const JsonNode& node, Config& config, ProblemLog& log) {
  const auto choice = read_choice(node, kInjectNames, log);
  if (choice) config.inject = static_cast<Inject>(*choice);
}

void read_management(const JsonNode& node, Config& config, ProblemLog& log) {
  auto path = read_text(node, "the path of a socket", kSocketPathOctetsMax, log);
  if (!path) return;
  if (!path->starts_with('/')) {
    log.warning(node, found(node) +
                          " is relative to the folder that vippyd starts in; write a "
                          "path that begins with /");
  }
  config.management = std::move(*path);
}

void read_management_mode(const JsonNode& node, Config& config, ProblemLog& log) {
  std::uint32_t mode = 0;
  const auto* const end = node.text.data() + node.text.size();
  const auto [stop, error] = std::from_chars(node.text.data(), end, mode, 8);
  const bool has_shape = node.is_string() && (node.text.size() == 3 || node.text.size() == 4);
  if (!has_shape || error != std::errc{} || stop != end || mode > 0777) {
    return log.refuse(node, "an octal mode in quotes, \"0600\" to \"0777\"");
  }
  config.management_mode = mode;
}

void read_plugins(const JsonNode& node, Config& config, ProblemLog& log) {
  if (!node.is_array()) return log.refuse(node, "a list of files, [\"/etc/vippy/health.js\"]");
  for (const auto& item : node.children) {
    auto path = read_text(item, "the path of a plugin", kPathOctetsMax, log);
    if (path) config.plugins.push_back(std::move(*path));
  }
}

void read_mask(const JsonNode& node, Logging& logging, ProblemLog& log) {
  if (!node.is_object()) {
    return log.refuse(node, "{\"emerg\": true, \"debug\": false, ...}");
  }
  logging.mask.fill(false);
  for (const auto& member : node.children) {
    const auto* const name = std::find(kPriorityNames.begin(), kPriorityNames.end(), member.key);
    if (name == kPriorityNames.end()) {
      log.error_at_key(member, "this is not a priority, wants " + list_choices(kPriorityNames));
    } else if (member.kind != JsonNode::Kind::boolean) {
      log.refuse(member, "true or false");
    } else {
      logging.mask[static_cast<std::size_t>(name - kPriorityNames.begin())] = member.boolean;
    }
  }
  const auto& mask = logging.mask;
  if (std::none_of(mask.begin(), mask.end(), [](bool is_on) { return is_on; })) {
    log.warning(node, "no priority is true: nothing at all will be logged");
  }
}

void read_logging(const JsonNode& node, Config& config, ProblemLog& log) {
  static constexpr std::array<std::string_view, 3> kKeys = {"driver", "facility", "mask"};
  if (!node.is_object()) return log.refuse(node, "{\"driver\": \"console\"}");
  check_keys(node, kKeys, log);
  if (const auto* driver = node.find("driver")) {
    const auto choice = read_choice(*driver, kLogDriverNames, log);
    if (choice) config.logging.driver = static_cast<LogDriver>(*choice);
  }
  if (const auto* facility = node.find("facility")) {
    if (read_choice(*facility, kFacilityNames, log)) config.logging.facility = facility->text;
  }
  if (const auto* mask = node.find("mask")) read_mask(*mask, config.logging, log);
}

struct TopKey {
  std::string_view name;
  void (*read)(const JsonNode&, Config&, ProblemLog&);  // nullptr: read_shared does
  std::string_view wants;                               // not empty: the key must be there
};

constexpr std::array<TopKey, 32> kTopKeys = {{
    {"chat", read_chat, kChatWants},
    {"chat_interface", read_chat_interface, {}},
    {"secret", read_secret, "a text that all nodes share and nobody else knows"},
    {"version", nullptr, {}},
    {"vips", nullptr, "a list of groups of VIPs, [[{\"interface\": \"eth0\", \"ip\": \"...\"}]]"},
    {"nodes", nullptr, "a list of node names, [\"node1\", \"node2\"]"},
    {"interval", read_interval, {}},
    {"mature", read_mature, {}},
    {"stale", read_stale, {}},
    {"arp-cache", read_arp_cache, {}},
    {"notify", read_notify, {}},
    {"management", read_management, {}},
    {"plugins", read_plugins, {}},
    {"logging", read_logging, {}},
    {"protocol", read_protocol, {}},
    {"previous-secrets", read_previous_secrets, {}},
    {"peers", read_peers, {}},
    {"failback", read_failback, {}},
    {"handover", read_handover, {}},
    {"isolation", read_isolation, {}},
    {"quorum", read_quorum, {}},
    {"witness", read_witness, {}},
    {"plumb", read_plumb, {}},
    {"lease", read_lease, {}},
    {"guard", read_guard, {}},
    {"guard-kill", read_guard_kill, {}},
    {"realtime", read_realtime, {}},
    {"lock-memory", read_lock_memory, {}},
    {"notify-rate", read_notify_rate, {}},
    {"notify-refresh", read_notify_refresh, {}},
    {"inject", read_inject, {}},
    {"management-mode", read_management_mode, {}},
}};

constexpr auto kTopNames = [] {
  std::array<std::string_view, kTopKeys.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kTopKeys[i].name;
  return names;
}();

// Whoever takes part before it can have missed anybody takes what others have.
void check_mature(const JsonNode& root, const Config& config, ProblemLog& log) {
  const auto* node = root.find("mature");
  if (node == nullptr) node = root.find("stale");
  if (node == nullptr || config.mature >= config.stale) return;
  log.warning(*node, "mature is " + format_seconds(config.mature) + " s and stale " +
                         format_seconds(config.stale) +
                         " s: a node that starts may take what others have before it has heard "
                         "them, wants mature to be at least stale");
}

// What holds between the times; each alone is within its bounds.
void check_times(const JsonNode& root, const Config& config, ProblemLog& log) {
  const auto* node = root.find("stale");
  if (node == nullptr) node = root.find("interval");
  if (node == nullptr) return;
  const std::string pair = "stale is " + format_seconds(config.stale) + " s and interval " +
                           format_seconds(config.interval) + " s";
  if (config.stale < config.interval) {
    log.error(*node, pair +
                         ": every node would look dead between two of its announcements, "
                         "wants stale to be at least 3 intervals");
  } else if (config.stale < 3 * config.interval) {
    log.warning(*node, pair +
                           ": one lost announcement moves VIPs, wants stale to be at least 3 "
                           "intervals");
  }
}

// Protocol 1 carries the whole configuration in every announcement, which is one datagram.
void check_announcement_size(const JsonNode& root, const Config& config, ProblemLog& log) {
  if (log.has_errors() || !speaks_1(config.protocol)) return;  // what was not read is not counted
  const std::string longest(kNodeNameOctetsMax, 'n');
  const auto octets = announcement_octets(*config.shared, longest);
  if (octets <= kDatagramOctetsMax) return;
  log.error(*root.find("vips"), "an announcement with these vips and nodes has " +
                                    std::to_string(octets) + " octets, a datagram holds " +
                                    std::to_string(kDatagramOctetsMax) +
                                    ": fewer VIPs, or several clusters");
}

ConfigProblem whole_text_problem(std::string_view text, const TextProblem& problem) {
  const auto [line, column] = LineIndex(text).place(problem.offset);
  return {Severity::error, line, column, "", problem.text};
}

Config read_keys(const JsonNode& root, ProblemLog& log) {
  Config config;
  check_duplicate_keys(root, log);
  check_keys(root, kTopNames, log);
  for (const auto& key : kTopKeys) {
    const auto* node = root.find(key.name);
    if (node == nullptr && !key.wants.empty()) log.missing(root, key.name, key.wants);
    if (node != nullptr && key.read != nullptr) key.read(*node, config, log);
  }
  if (root.find("lease") == nullptr) config.lease = default_lease(config.stale);
  config.shared = std::make_shared<const Shared>(read_shared(root, log));
  check_times(root, config, log);
  check_mature(root, config, log);
  check_cluster(root, config, log);
  check_announcement_size(root, config, log);
  return config;
}

}  // namespace

ConfigReading read_config(std::string_view text) {
  if (text.size() > kConfigOctetsMax) {
    return {std::nullopt,
            {{Severity::error, 0, 0, "",
              "found " + std::to_string(text.size()) + " octets, wants at most " +
                  std::to_string(kConfigOctetsMax)}}};
  }
  const auto root = read_tree(text);
  if (!root) return {std::nullopt, {whole_text_problem(text, root.error())}};
  ProblemLog log(text, *root);
  auto config = read_keys(*root, log);
  config.text_digest = content_digest(text);
  if (log.has_errors()) return {std::nullopt, log.take()};
  return {std::move(config), log.take()};
}

}  // namespace vippy::core
