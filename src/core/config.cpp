#include "core/config.h"

#include <algorithm>
#include <tuple>

namespace vippy::core {

namespace {

auto own_keys(const Config& config) {
  return std::tie(config.chat_address, config.chat_port, config.chat_interfaces, config.peers,
                  config.secret, config.previous_secrets, config.protocol, config.interval,
                  config.mature, config.stale, config.arp_cache, config.notify,
                  config.notify_rate, config.notify_refresh, config.failback, config.handover,
                  config.isolation, config.quorum, config.witness, config.plumb, config.lease,
                  config.guard,
                  config.guard_kill, config.realtime, config.lock_memory, config.inject,
                  config.management, config.management_mode, config.plugins, config.logging);
}

}  // namespace

bool operator==(const Config& left, const Config& right) {
  return own_keys(left) == own_keys(right) && *left.shared == *right.shared;
}

Plumb plumb_of(const Vip& vip, const Config& config) {
  return vip.address.is_v6() ? Plumb::address : vip.plumb.value_or(config.plumb);
}

std::string format(const ConfigProblem& problem) {
  std::string text;
  if (problem.line != 0) {
    text += std::to_string(problem.line) + ':' + std::to_string(problem.column) + ": ";
  }
  switch (problem.severity) {
    case Severity::error: text += "error: "; break;
    case Severity::warning: text += "warning: "; break;
  }
  if (!problem.path.empty()) text += problem.path + ": ";
  return text + problem.text;
}

void sort_members(Group& group) {
  std::stable_sort(group.vips.begin(), group.vips.end(),
                   [](const Vip& left, const Vip& right) { return left.text < right.text; });
}

}  // namespace vippy::core
