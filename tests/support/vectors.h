// The reference's recordings as values, and small builders for tests.
#pragma once

#include <nlohmann/json.hpp>

#include <fstream>
#include <memory>
#include <string>

#include "core/config.h"

namespace vippy::test {

using nlohmann::json;

inline json golden(const std::string& name) {
  std::ifstream file(std::string(VIPPY_SOURCE_DIR) + "/tests/golden/" + name);
  return json::parse(file);
}

// A VIP from "address/prefix".
inline core::Vip vip(const std::string& text, const std::string& interface = "eth0") {
  const auto prefix = core::parse_prefix(text);
  core::Vip out;
  out.interface = interface;
  out.text = text.substr(0, text.find('/'));
  out.address = prefix.value().address;
  out.prefix_length = prefix->length;
  return out;
}

// The part of a configuration (as a JSON value of the reference) that travels.
inline std::shared_ptr<const core::Shared> shared_of(const json& config) {
  auto out = std::make_shared<core::Shared>();
  out->version = config.value("version", 0U);
  for (const auto& group : config.at("vips")) {
    auto& spoken = out->groups.emplace_back();
    for (const auto& member : group) {
      if (member.is_string()) {
        spoken.preferred = member.get<std::string>();
      } else {
        spoken.vips.push_back(vip(member.at("ip"), member.at("interface")));
      }
    }
    core::sort_members(spoken);
  }
  out->nodes = config.at("nodes").get<std::vector<std::string>>();
  return out;
}

}  // namespace vippy::test
