#include <string>
#include <string_view>

#include "core/config.h"
#include "core/config_fields.h"
#include "core/json_text.h"

namespace vippy::core {

namespace {

std::string json(std::string_view text) {
  std::string result;
  append_json_string(result, text);
  return result;
}

// "[a, b]", each printed by `print`.
template <typename List, typename Print>
std::string json_list(const List& list, const Print& print) {
  std::string result = "[";
  for (const auto& item : list) {
    if (result.size() > 1) result += ", ";
    result += print(item);
  }
  return result + "]";
}

std::string print_vip(const Vip& vip) {
  std::string result = "{\"interface\": " + json(vip.interface);
  result += ", \"ip\": " + json(vip.text + '/' + std::to_string(vip.prefix_length));
  if (vip.state_json) result += ", \"state\": " + *vip.state_json;
  if (vip.plumb) {
    result += ", \"plumb\": " + json(kPlumbNames[static_cast<std::size_t>(*vip.plumb)]);
  }
  return result + "}";
}

std::string print_group(const Group& group) {
  std::string result = json_list(group.vips, print_vip);
  if (group.preferred) {
    auto names = json(*group.preferred);
    for (const auto& next : group.next_preferred) names += ", " + json(next);
    if (!group.next_preferred.empty()) names = '[' + names + ']';
    result.insert(1, names + (group.vips.empty() ? "" : ", "));
  }
  return result;
}

// One group a line: this is what an operator compares between nodes.
std::string print_groups(const std::vector<Group>& groups) {
  std::string result = "[";
  for (const auto& group : groups) {
    result += (result.size() > 1 ? ",\n    " : "\n    ") + print_group(group);
  }
  return result + (groups.empty() ? "]" : "\n  ]");
}

std::string print_notify(const NotifyEntry& entry) {
  if (!entry.network) return "\"arp-cache\"";
  return "{\"interface\": " + json(entry.network->interface) +
         ", \"ip\": " + json(format(entry.network->network)) + "}";
}

std::string print_chat(const Config& config) {
  const auto address = format(config.chat_address);
  const auto port = std::to_string(config.chat_port);
  return json(config.chat_address.is_v6() ? '[' + address + "]:" + port : address + ':' + port);
}

std::string print_hosts(const std::vector<IpAddress>& hosts) {
  return json_list(hosts, [](const IpAddress& host) { return json(format(host)); });
}

std::string print_paths(const std::vector<std::string>& paths) {
  if (paths.size() == 1) return json(paths.front());
  return json_list(paths, [](const std::string& path) { return json(path); });
}

std::string print_protocol(Protocol protocol) {
  const auto text = kProtocolNames[static_cast<std::size_t>(protocol)];
  return protocol == Protocol::both ? json(text) : std::string(text);
}

std::string print_failback(const std::optional<Duration>& failback) {
  if (!failback) return json("never");
  return *failback == Duration::zero() ? json("immediate") : format_seconds(*failback);
}

template <typename Choice, typename Names>
std::string print_choice(Choice choice, const Names& names) {
  return json(names[static_cast<std::size_t>(choice)]);
}

std::string print_mode(std::uint32_t mode) {
  std::string result = "\"0";
  for (const unsigned shift : {6U, 3U, 0U})
    result += static_cast<char>('0' + ((mode >> shift) & 7U));
  return result + '"';
}

std::string print_logging(const Logging& logging) {
  std::string result = "{\"driver\": ";
  result += json(kLogDriverNames[static_cast<std::size_t>(logging.driver)]);
  result += ", \"facility\": " + json(logging.facility) + ", \"mask\": {";
  for (std::size_t i = 0; i < kPriorities; ++i) {
    result += (i > 0 ? ", " : "") + json(kPriorityNames[i]);
    result += logging.mask[i] ? ": true" : ": false";
  }
  return result + "}}";
}

}  // namespace

std::string print_config(const Config& config, SecretPrint secret) {
  std::string result = "{";
  const auto line = [&](std::string_view key, const std::string& value) {
    result += (result.size() > 1 ? ",\n  " : "\n  ") + json(key) + ": " + value;
  };
  const auto as_is = [](const std::string& text) { return json(text); };
  const auto masked = [&](const std::string& text) {
    return json(secret == SecretPrint::shown ? std::string_view(text) : kSecretMask);
  };
  const auto flag = [](bool is_on) { return std::string(is_on ? "true" : "false"); };
  line("chat", print_chat(config));
  line("chat_interface", print_paths(config.chat_interfaces));
  line("peers", print_hosts(config.peers));
  line("secret", masked(config.secret));
  line("previous-secrets", json_list(config.previous_secrets, masked));
  line("protocol", print_protocol(config.protocol));
  line("version", std::to_string(config.shared->version));
  line("vips", print_groups(config.shared->groups));
  line("nodes", json_list(config.shared->nodes, as_is));
  line("interval", format_seconds(config.interval));
  line("mature", format_seconds(config.mature));
  line("stale", format_seconds(config.stale));
  line("failback", print_failback(config.failback));
  line("handover", print_choice(config.handover, kHandOverNames));
  line("isolation", print_choice(config.isolation, kIsolationNames));
  line("quorum", print_choice(config.quorum, kQuorumNames));
  line("witness", print_hosts(config.witness));
  line("plumb", print_choice(config.plumb, kPlumbNames));
  line("lease", format_seconds(config.lease));
  line("guard", flag(config.guard));
  line("guard-kill", format_seconds(config.guard_kill));
  line("realtime", std::to_string(config.realtime));
  line("lock-memory", flag(config.lock_memory));
  line("arp-cache", format_seconds(config.arp_cache));
  line("notify", json_list(config.notify, print_notify));
  line("notify-rate", std::to_string(config.notify_rate));
  line("notify-refresh", format_seconds(config.notify_refresh));
  line("inject", print_choice(config.inject, kInjectNames));
  line("management", json(config.management));
  line("management-mode", print_mode(config.management_mode));
  line("plugins", json_list(config.plugins, as_is));
  line("logging", print_logging(config.logging));
  return result + "\n}\n";
}

}  // namespace vippy::core
