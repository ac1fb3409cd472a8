#include "core/vip_json.h"

#include "core/json_text.h"

namespace vippy::core {

namespace {

void append_field(std::string& out, std::string_view key, std::string_view value) {
  out += ',';
  append_json_string(out, key);
  out += ':';
  append_json_string(out, value);
}

void append_ipv4_network(std::string& out, const Vip& vip) {
  append_field(out, "netmask", format(netmask(vip.prefix_length)));
  append_field(out, "broadcast", format(vip.prefix().last()));
  append_field(out, "network", format(vip.prefix().first()));
}

}  // namespace

void append_vip(std::string& out, const Vip& vip) {
  out += "{\"ip\":";
  append_json_string(out, vip.text);
  if (vip.address.is_v4()) {
    append_ipv4_network(out, vip);
  } else {
    append_field(out, "prefixlen", std::to_string(vip.prefix_length));
  }
  append_field(out, "name", vip.interface);
  if (vip.state_json) {
    out += ",\"state\":";
    out += *vip.state_json;
  }
  out += '}';
}

void append_group(std::string& out, const Group& group) {
  out += '[';
  if (group.preferred) {
    append_json_string(out, *group.preferred);
    if (!group.vips.empty()) out += ',';
  }
  for (std::size_t i = 0; i < group.vips.size(); ++i) {
    if (i != 0) out += ',';
    append_vip(out, group.vips[i]);
  }
  out += ']';
}

void append_groups(std::string& out, const std::vector<Group>& groups) {
  out += '[';
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i != 0) out += ',';
    append_group(out, groups[i]);
  }
  out += ']';
}

}  // namespace vippy::core
