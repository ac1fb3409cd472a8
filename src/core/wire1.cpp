#include "core/wire1.h"

#include <simdjson.h>

#include <charconv>

#include "core/assert.h"
#include "core/json_text.h"
#include "core/limits.h"
#include "core/vip_json.h"

namespace vippy::core {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

template <typename Value>
bool get(const object& from, std::string_view key, Value& out) {
  return from.at_key(key).get(out) == simdjson::SUCCESS;
}

bool get_text(const object& from, std::string_view key, std::string& out) {
  std::string_view text;
  if (!get(from, key, text)) return false;
  out = text;
  return true;
}

std::optional<std::uint8_t> prefix_length(const object& from, const IpAddress& address) {
  std::string_view text;
  if (address.is_v4()) {
    if (!get(from, "netmask", text)) return std::nullopt;
    return parse_netmask(text);
  }
  if (!get(from, "prefixlen", text)) return std::nullopt;
  std::uint8_t length = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc{} || end != text.data() + text.size() || length > 128) return std::nullopt;
  return length;
}

bool read_vip(const object& from, Vip& out) {
  if (!get_text(from, "ip", out.text) || !get_text(from, "name", out.interface)) return false;
  const auto address = parse_ip(out.text);
  if (!address) return false;
  const auto length = prefix_length(from, *address);
  if (!length) return false;
  out.address = *address;
  out.prefix_length = *length;
  element state;
  if (get(from, "state", state)) out.state_json = simdjson::minify(state);
  return true;
}

bool read_group(const array& from, Group& out) {
  for (const element member : from) {
    std::string_view preferred;
    if (member.get(preferred) == simdjson::SUCCESS) {
      if (out.preferred || !out.vips.empty()) return false;
      out.preferred = preferred;
      continue;
    }
    object vip;
    if (member.get(vip) != simdjson::SUCCESS || !read_vip(vip, out.vips.emplace_back())) {
      return false;
    }
  }
  sort_members(out);
  return !out.vips.empty();
}

WireError read_groups(const object& from, std::vector<Group>& out, bool& failed) {
  failed = true;
  array groups;
  if (!get(from, "vips", groups)) return WireError::missing_field;
  std::size_t vips = 0;
  for (const element item : groups) {
    array group;
    if (item.get(group) != simdjson::SUCCESS) return WireError::bad_vip;
    if (out.size() == kGroupsMax) return WireError::too_many;
    if (!read_group(group, out.emplace_back())) return WireError::bad_vip;
    vips += out.back().vips.size();
    if (vips > kVipsMax) return WireError::too_many;
  }
  failed = false;
  return {};
}

WireError read_nodes(const object& from, std::vector<std::string>& out, bool& failed) {
  failed = true;
  array nodes;
  if (!get(from, "nodes", nodes)) return WireError::missing_field;
  for (const element item : nodes) {
    std::string_view node;
    if (item.get(node) != simdjson::SUCCESS) return WireError::missing_field;
    if (out.size() == kNodesMax || node.size() > kNodeNameOctetsMax) return WireError::too_many;
    out.emplace_back(node);
  }
  failed = false;
  return {};
}

// A neighbour table is a courtesy: an entry that cannot be read is left out.
void read_neighbours(const object& from, std::vector<NeighbourEntry>& out) {
  object table;
  if (!get(from, "arpcache", table)) return;
  for (const auto& [key, value] : table) {
    std::string_view text;
    if (value.get(text) != simdjson::SUCCESS) continue;
    const auto address = parse_ip(key);
    const auto mac = parse_mac(text);
    if (!address || !mac || address->is_multicast() || mac->is_multicast()) continue;
    if (out.size() == kNeighboursMax) return;
    out.push_back({*address, *mac});
  }
}

Result<Announcement, WireError> read_announcement(const object& from) {
  Announcement out;
  std::string hash;
  auto shared = std::make_shared<Shared>();
  if (!get_text(from, "me", out.me) || !get(from, "active", out.is_active) ||
      !get(from, "version", shared->version) || !get_text(from, "hash", hash) ||
      !get_text(from, "nonce", out.nonce) || shared->version > kVersionMax) {
    return failure(WireError::missing_field);
  }
  if (!parse_digest(hash, out.hash)) return failure(WireError::bad_hash_text);
  bool failed = false;
  const auto groups_error = read_groups(from, shared->groups, failed);
  if (failed) return failure(groups_error);
  const auto nodes_error = read_nodes(from, shared->nodes, failed);
  if (failed) return failure(nodes_error);
  read_neighbours(from, out.neighbours);
  out.shared = std::move(shared);
  return out;
}

void append_neighbours(std::string& out, const std::vector<NeighbourEntry>& neighbours) {
  out.push_back('{');
  for (const auto& entry : neighbours) {
    if (out.back() != '{') out.push_back(',');
    append_json_string(out, format(entry.address));
    out.push_back(':');
    append_json_string(out, format(entry.mac));
  }
  out.push_back('}');
}

}  // namespace

std::string_view name(WireError error) {
  switch (error) {
    case WireError::too_large: return "too large";
    case WireError::not_json: return "not a JSON object";
    case WireError::missing_field: return "a field is missing or of the wrong type";
    case WireError::bad_hash_text: return "the hash is not 64 hex digits";
    case WireError::bad_vip: return "a VIP cannot be read";
    case WireError::too_many: return "more nodes, groups or VIPs than the limits";
  }
  VIPPY_ASSERT(false && "unknown WireError");
}

void encode(const Announcement& announcement, std::string& out) {
  out.assign("{\"me\":");
  append_json_string(out, announcement.me);
  out += announcement.is_active ? ",\"active\":true" : ",\"active\":false";
  out.append(",\"version\":").append(std::to_string(announcement.shared->version));
  out += ",\"vips\":";
  append_groups(out, announcement.shared->groups);
  out += ",\"nodes\":";
  append_json_strings(out, announcement.shared->nodes);
  out.append(",\"hash\":\"").append(format_digest(announcement.hash)).append("\",\"nonce\":");
  append_json_string(out, announcement.nonce);
  out += ",\"arpcache\":";
  const auto without_neighbours = out.size();
  append_neighbours(out, announcement.neighbours);
  if (out.size() + 1 > kDatagramOctetsMax) {
    out.resize(without_neighbours);
    out += "{}";
  }
  out.push_back('}');
}

Result<Announcement, WireError> decode_announcement(std::span<const std::uint8_t> bytes) {
  if (bytes.size() > kDatagramOctetsMax) return failure(WireError::too_large);
  // One parser for the life of the thread: it keeps its buffers.
  static thread_local simdjson::dom::parser parser;
  element root;
  const auto error = parser.parse(bytes.data(), bytes.size()).get(root);
  object announcement;
  if (error != simdjson::SUCCESS || root.get(announcement) != simdjson::SUCCESS) {
    return failure(WireError::not_json);
  }
  return read_announcement(announcement);
}

std::size_t announcement_octets(const Shared& shared, std::string_view me) {
  Announcement announcement;
  announcement.me = me;
  announcement.nonce.assign(64, '0');
  announcement.shared = std::make_shared<Shared>(shared);
  std::string text;
  encode(announcement, text);
  return text.size();
}

}  // namespace vippy::core
