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
  return result + "}";
}

std::string print_group(const Group& group) {
  std::string result = json_list(group.vips, print_vip);
  if (group.preferred) {
    result.insert(1, json(*group.preferred) + (group.vips.empty() ? "" : ", "));
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
  line("chat", print_chat(config));
  line("chat_interface", json(config.chat_interface));
  line("secret",
       json(secret == SecretPrint::shown ? std::string_view(config.secret) : kSecretMask));
  line("protocol", std::to_string(config.protocol));
  line("version", std::to_string(config.shared->version));
  line("vips", print_groups(config.shared->groups));
  line("nodes", json_list(config.shared->nodes, as_is));
  line("interval", format_seconds(config.interval));
  line("mature", format_seconds(config.mature));
  line("stale", format_seconds(config.stale));
  line("arp-cache", format_seconds(config.arp_cache));
  line("notify", json_list(config.notify, print_notify));
  line("notify-rate", std::to_string(config.notify_rate));
  line("notify-refresh", format_seconds(config.notify_refresh));
  line("inject", json(kInjectNames[static_cast<std::size_t>(config.inject)]));
  line("management", json(config.management));
  line("management-mode", print_mode(config.management_mode));
  line("plugins", json_list(config.plugins, as_is));
  line("logging", print_logging(config.logging));
  return result + "\n}\n";
}

}  // namespace vippy::core
