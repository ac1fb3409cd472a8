#include "plan.h"

#include <algorithm>
#include <memory>
#include <span>

#include "core/json_text.h"
#include "core/placement.h"
#include "core/status.h"

namespace vippy::hall {

namespace {

using Active = std::optional<std::vector<std::string>>;

bool names(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

struct Plan {
  bool has_quorum = true;
  std::vector<bool> active;
  std::vector<std::size_t> owners;
  std::vector<std::size_t> order;
};

// For nodes that hear all that are active.
bool has_quorum(const core::Config& config, std::size_t active) {
  const auto nodes = config.shared->nodes.size();
  if (config.quorum == core::Quorum::none || nodes < 2 || 2 * active > nodes) return true;
  return 2 * active == nodes && !config.witness.empty();
}

Plan solve(const core::Config& config, const Active& active) {
  const auto& shared = *config.shared;
  Plan plan;
  const auto flags = std::make_unique<bool[]>(shared.nodes.size());
  for (std::size_t i = 0; i < shared.nodes.size(); ++i) {
    flags[i] = !active || names(*active, shared.nodes[i]);
    plan.active.push_back(flags[i]);
  }
  const auto count = std::count(plan.active.begin(), plan.active.end(), true);
  plan.has_quorum = has_quorum(config, static_cast<std::size_t>(count));
  if (!plan.has_quorum) std::fill_n(flags.get(), shared.nodes.size(), false);
  plan.owners = core::Placement(shared).owners(std::span(flags.get(), shared.nodes.size()));
  plan.order = core::listing_order(shared, plan.owners);
  return plan;
}

void append_group(std::string& out, const core::Group& group) {
  out.push_back('[');
  const auto append = [&](const std::string& text) {
    if (out.back() != '[') out += ", ";
    core::append_json_string(out, text);
  };
  if (group.preferred) append(*group.preferred);
  for (const auto& vip : group.vips) append(vip.text);
  out.push_back(']');
}

void append_owner(std::string& out, const core::Shared& shared, const Plan& plan,
                  std::size_t owner, const std::string& name) {
  out += out.size() > 1 ? ",\n  " : "\n  ";
  core::append_json_string(out, name);
  out += ": [";
  bool first = true;
  for (const auto group : plan.order) {
    if (plan.owners[group] != owner) continue;
    if (!first) out += ", ";
    first = false;
    append_group(out, shared.groups[group]);
  }
  out.push_back(']');
}

}  // namespace

std::vector<std::string> strangers(const core::Shared& shared,
                                   const std::vector<std::string>& active) {
  std::vector<std::string> out;
  for (const auto& name : active) {
    if (!names(shared.nodes, name)) out.push_back(name);
  }
  return out;
}

std::string plan_text(const core::Config& config, const Active& active) {
  const auto& shared = *config.shared;
  const auto plan = solve(config, active);
  const std::string nobody = plan.has_quorum ? "nobody: no node is active"
                                             : "nobody: no majority of the nodes is active";
  std::string out;
  for (std::size_t i = 0; i < shared.groups.size(); ++i) {
    const auto& group = shared.groups[i];
    const auto owner = plan.owners[i];
    for (const auto& vip : group.vips) out += core::format(vip.prefix()) + " ";
    out += "-> ";
    out += owner == core::kNobody ? nobody : shared.nodes[owner];
    if (group.preferred) out += " (prefers " + *group.preferred + ")";
    out.push_back('\n');
  }
  return out;
}

std::string plan_json(const core::Config& config, const Active& active) {
  const auto& shared = *config.shared;
  const auto plan = solve(config, active);
  std::string out = "{";
  append_owner(out, shared, plan, core::kNobody, "_");
  for (std::size_t i = 0; i < shared.nodes.size(); ++i) {
    if (plan.active[i]) append_owner(out, shared, plan, i, shared.nodes[i]);
  }
  return out + "\n}\n";
}

}  // namespace vippy::hall
