#include "core/vip_json.h"

#include "core/json_text.h"

namespace vippy::core {

namespace {

void append_member(std::string& out, std::string_view key, std::string_view value) {
  if (out.back() != '{') out.push_back(',');
  append_json_string(out, key);
  out.push_back(':');
  append_json_string(out, value);
}

}  // namespace

void append_vip(std::string& out, const Vip& vip) {
  out.push_back('{');
  append_member(out, "ip", vip.text);
  if (vip.address.is_v4()) {
    append_member(out, "netmask", format(netmask(vip.prefix_length)));
    append_member(out, "broadcast", format(vip.prefix().last()));
    append_member(out, "network", format(vip.prefix().first()));
  } else {
    append_member(out, "prefixlen", std::to_string(vip.prefix_length));
  }
  append_member(out, "name", vip.interface);
  if (vip.state_json) out.append(",\"state\":").append(*vip.state_json);
  out.push_back('}');
}

void append_group(std::string& out, const Group& group) {
  out.push_back('[');
  if (group.preferred) append_json_string(out, *group.preferred);
  for (const auto& vip : group.vips) {
    if (out.back() != '[') out.push_back(',');
    append_vip(out, vip);
  }
  out.push_back(']');
}

void append_groups(std::string& out, const std::vector<Group>& groups) {
  out.push_back('[');
  for (const auto& group : groups) {
    if (out.back() != '[') out.push_back(',');
    append_group(out, group);
  }
  out.push_back(']');
}

}  // namespace vippy::core
