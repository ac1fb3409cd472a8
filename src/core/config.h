// The configuration as values: what the operator asked of this node and of the cluster.
//
// Purpose: one type for the file, for an adopted configuration and for the canonical print.
// Purity:  values only; the file is opened by the hall, the text is read by config_json.cpp.
// Units:   Duration (nanoseconds); the file speaks seconds and is converted once.
// Bounds:  kNodesMax, kGroupsMax, kVipsMax, kConfigOctetsMax (limits.h).
// Errors:  ConfigProblem, all of them at once, each with line, column and JSON path.
// Source:  docs/config.md lists every key, default, bound and relation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ip.h"
#include "core/plumb.h"
#include "core/time.h"

namespace vippy::core {

// One virtual address. `text` is the address as written (it is hashed and placed by its text:
// "fd77::9" and "FD77::9" are different to the cluster); `address` is the same as a value.
struct Vip {
  std::string interface;  // on this host; empty when no local one is known
  std::string text;       // without the prefix length
  IpAddress address;
  std::uint8_t prefix_length = 0;
  std::optional<std::string> state_json;  // the key `state`, compact JSON, handed on as it came
  std::optional<Plumb> plumb;             // on this host; absent: as the configuration says

  [[nodiscard]] Prefix prefix() const { return {address, prefix_length}; }
  bool operator==(const Vip&) const = default;
};

// VIPs that move together. The members are sorted by text (see sort_members): the first one
// places the group.
struct Group {
  std::optional<std::string> preferred;  // need not be one of the nodes: then nobody is preferred
  std::vector<Vip> vips;                 // at least one
  std::vector<std::string> next_preferred;  // after `preferred`, best first (protocol 2)

  bool operator==(const Group&) const = default;
};

// What all nodes of a cluster must agree on; it travels in announcements.
struct Shared {
  std::uint64_t version = 0;  // at most 2^53 - 1: the reference keeps it in a double
  std::vector<Group> groups;
  std::vector<std::string> nodes;

  bool operator==(const Shared&) const = default;
};

// One entry of `notify`: the cluster's neighbour table, or every address of a network.
struct NotifyNetwork {
  std::string interface;
  Prefix network;
  bool operator==(const NotifyNetwork&) const = default;
};
struct NotifyEntry {
  std::optional<NotifyNetwork> network;  // absent: "arp-cache"
  bool operator==(const NotifyEntry&) const = default;
};

enum class LogDriver : std::uint8_t { console, syslog };
// In syslog's order: the value is the syslog priority.
enum class Priority : std::uint8_t { emerg, alert, crit, err, warning, notice, info, debug };
inline constexpr std::size_t kPriorities = 8;

struct Logging {
  LogDriver driver = LogDriver::console;
  std::string facility = "daemon";  // a syslog facility name: daemon, local0..local7, ...
  // Absent mask: emerg, alert, crit, err and notice on, the rest off (as the reference).
  std::array<bool, kPriorities> mask = {true, true, true, true, false, true, false, false};
  bool operator==(const Logging&) const = default;
};

// How frames reach the wire.
enum class Inject : std::uint8_t { packet, pcap };

// Which announcements are spoken and believed.
enum class Protocol : std::uint8_t { v1, v2, both };
[[nodiscard]] constexpr bool speaks_1(Protocol protocol) { return protocol != Protocol::v2; }
[[nodiscard]] constexpr bool speaks_2(Protocol protocol) { return protocol != Protocol::v1; }

// How a group goes from one node that is well to another.
enum class HandOver : std::uint8_t {
  make_first,   // the new owner comes up before the old one lets go: nobody is lost
  break_first,  // the old owner lets go before the new one comes up: never two
};

// What a node does that hears nobody of the cluster (and no witness, if it has some).
enum class Isolation : std::uint8_t { hold, release };
// Who may own anything: everybody, or only nodes that see more than half of the cluster.
enum class Quorum : std::uint8_t { none, majority };

struct Config {
  IpAddress chat_address;
  std::uint16_t chat_port = 0;
  std::vector<std::string> chat_interfaces = {"all"};  // "all", names, or local addresses
  std::vector<IpAddress> peers;  // not empty: unicast to these, no multicast
  std::string secret;
  std::vector<std::string> previous_secrets;
  std::shared_ptr<const Shared> shared = std::make_shared<Shared>();
  Protocol protocol = Protocol::v2;
  Duration interval = std::chrono::seconds(1);
  Duration mature = std::chrono::seconds(5);
  Duration stale = std::chrono::seconds(3);
  Duration arp_cache = std::chrono::seconds(15);
  std::vector<NotifyEntry> notify;
  std::uint32_t notify_rate = 2000;  // frames a second on each interface
  Duration notify_refresh = std::chrono::seconds(60);  // zero: never
  // How long a node must have been active before it takes groups back from nodes that are well;
  // nullopt: never.
  std::optional<Duration> failback = Duration::zero();
  HandOver handover = HandOver::make_first;
  Isolation isolation = Isolation::hold;
  Quorum quorum = Quorum::none;
  std::vector<IpAddress> witness;  // hosts that are asked whether we are the ones cut off
  Plumb plumb = Plumb::address;  // of IPv4 VIPs that do not say it themselves
  Duration lease = std::chrono::seconds(2);  // the kernel drops our addresses itself; zero: never
  bool guard = true;
  Duration guard_kill = std::chrono::seconds(1);
  unsigned realtime = 0;  // SCHED_FIFO priority; 0: as everybody
  bool lock_memory = false;
  Inject inject = Inject::packet;
  std::string management = "/var/run/vippy.socket";
  std::uint32_t management_mode = 0600;
  std::vector<std::string> plugins;
  Logging logging;
  std::uint64_t text_digest = 0;  // of the text that it was read from; no part of its value
};

// Equal by value: `shared` is compared by what it points to.
[[nodiscard]] bool operator==(const Config& left, const Config& right);

// The names that the file uses, in the order of the enumerators.
inline constexpr std::array<std::string_view, 2> kLogDriverNames = {"console", "syslog"};
inline constexpr std::array<std::string_view, 2> kInjectNames = {"packet", "pcap"};
inline constexpr std::array<std::string_view, kPriorities> kPriorityNames = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
// The facility names that `logging.facility` may take.
inline constexpr std::array<std::string_view, 20> kFacilityNames = {
    "kern",   "user",   "mail",   "daemon",   "auth",   "syslog", "lpr",
    "news",   "uucp",   "cron",   "authpriv", "ftp",    "local0", "local1",
    "local2", "local3", "local4", "local5",   "local6", "local7"};
inline constexpr std::array<std::string_view, 3> kProtocolNames = {"1", "2", "1+2"};
inline constexpr std::array<std::string_view, 2> kHandOverNames = {"make-first", "break-first"};
inline constexpr std::array<std::string_view, 2> kIsolationNames = {"hold", "release"};
inline constexpr std::array<std::string_view, 2> kQuorumNames = {"none", "majority"};
// What a masked secret is printed as.
inline constexpr std::string_view kSecretMask = "********";

enum class Severity : std::uint8_t { error, warning };

// One thing that is wrong with (error) or risky in (warning) a configuration text.
struct ConfigProblem {
  Severity severity = Severity::error;
  std::size_t line = 0;    // from 1; 0: the problem has no place in the text
  std::size_t column = 0;  // from 1, in octets
  std::string path;        // JSON path: "vips[2][1].ip"; empty for the whole text
  std::string text;        // what was found, what is allowed, what to do
};

// "12:5: error: vips[2][1].ip: found ..., wants ..."
[[nodiscard]] std::string format(const ConfigProblem& problem);

struct ConfigReading {
  std::optional<Config> config;         // present exactly when no problem is an error
  std::vector<ConfigProblem> problems;  // errors and warnings, in the order of the text
};

// Reads a configuration text: JSON, and also comments (// and /* */), trailing commas and
// single-quoted strings. Never throws, whatever the text holds.
[[nodiscard]] ConfigReading read_config(std::string_view text);

// The canonical text of a configuration, one key a line, defaults written out; reads back to the
// same value when the secret is shown (a masked one is kSecretMask and reads back with a warning).
enum class SecretPrint : std::uint8_t { masked, shown };
[[nodiscard]] std::string print_config(const Config& config, SecretPrint secret);

// How the VIP is set on this host. IPv6 is always an address: for a route the kernel answers no
// neighbour solicitation.
[[nodiscard]] Plumb plumb_of(const Vip& vip, const Config& config);

// Sorts a group's members by text as JavaScript compares strings (stable, by UTF-16 code unit,
// which for addresses is by octet).
void sort_members(Group& group);

}  // namespace vippy::core
