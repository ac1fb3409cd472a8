#include "core/shared_json.h"

#include <simdjson.h>

#include "core/json_text.h"
#include "core/limits.h"

namespace vippy::core {

namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

void append_group_content(std::string& out, const Group& group) {
  std::vector<std::string> preferred = group.next_preferred;
  if (group.preferred) preferred.insert(preferred.begin(), *group.preferred);
  out += '[';
  append_json_strings(out, preferred);
  for (const auto& vip : group.vips) {
    out += ",{\"ip\":";
    append_json_string(out, vip.text + '/' + std::to_string(vip.prefix_length));
    if (vip.state_json) out.append(",\"state\":").append(*vip.state_json);
    out += '}';
  }
  out += ']';
}

bool read_names(const element& from, std::size_t max, std::vector<std::string>& out) {
  array names;
  if (from.get(names) != simdjson::SUCCESS) return false;
  for (const element item : names) {
    std::string_view name;
    if (item.get(name) != simdjson::SUCCESS || name.empty()) return false;
    if (out.size() == max || name.size() > kNodeNameOctetsMax) return false;
    out.emplace_back(name);
  }
  return true;
}

bool read_vip(const element& from, Vip& out) {
  object vip;
  std::string_view ip;
  if (from.get(vip) != simdjson::SUCCESS) return false;
  if (vip.at_key("ip").get(ip) != simdjson::SUCCESS) return false;
  const auto prefix = parse_prefix(ip);
  if (!prefix || prefix->address.is_multicast() || prefix->address.is_unspecified()) return false;
  out.text = ip.substr(0, ip.find('/'));
  out.address = prefix->address;
  out.prefix_length = prefix->length;
  element state;
  if (vip.at_key("state").get(state) == simdjson::SUCCESS) {
    out.state_json = simdjson::minify(state);
  }
  return true;
}

bool read_group(const element& from, Group& out) {
  array members;
  if (from.get(members) != simdjson::SUCCESS) return false;
  bool is_first = true;
  for (const element member : members) {
    if (is_first) {
      if (!read_names(member, kPreferredMax, out.next_preferred)) return false;
      is_first = false;
      continue;
    }
    if (!read_vip(member, out.vips.emplace_back())) return false;
  }
  if (!out.next_preferred.empty()) {
    out.preferred = out.next_preferred.front();
    out.next_preferred.erase(out.next_preferred.begin());
  }
  sort_members(out);
  return !out.vips.empty();
}

bool read_groups(const element& from, std::vector<Group>& out) {
  array groups;
  if (from.get(groups) != simdjson::SUCCESS) return false;
  std::size_t vips = 0;
  for (const element item : groups) {
    if (out.size() == kGroupsMax || !read_group(item, out.emplace_back())) return false;
    vips += out.back().vips.size();
    if (vips > kVipsMax) return false;
  }
  return true;
}

}  // namespace

std::string format_shared(const Shared& shared) {
  std::string out = "{\"version\":" + std::to_string(shared.version) + ",\"nodes\":";
  append_json_strings(out, shared.nodes);
  out += ",\"vips\":[";
  for (std::size_t i = 0; i < shared.groups.size(); ++i) {
    if (i > 0) out += ',';
    append_group_content(out, shared.groups[i]);
  }
  return out + "]}";
}

std::optional<Shared> parse_shared(std::string_view text) {
  if (text.size() > kConfigOctetsMax) return std::nullopt;
  simdjson::dom::parser parser;
  element root;
  object top;
  element nodes;
  element groups;
  Shared out;
  if (parser.parse(text.data(), text.size()).get(root) != simdjson::SUCCESS ||
      root.get(top) != simdjson::SUCCESS ||
      top.at_key("version").get(out.version) != simdjson::SUCCESS ||
      top.at_key("nodes").get(nodes) != simdjson::SUCCESS ||
      top.at_key("vips").get(groups) != simdjson::SUCCESS || out.version > kVersionMax ||
      !read_names(nodes, kNodesMax, out.nodes) || !read_groups(groups, out.groups)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace vippy::core
