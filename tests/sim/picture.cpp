#include "tests/sim/picture.h"

#include <algorithm>

#include "core/shared_json.h"
#include "core/wire2.h"

namespace vippy::sim {

namespace event = core::event;

Picture::Picture(Rules rules)
    : rules_(std::move(rules)),
      machines_(rules_.nodes.size()),
      hears_(rules_.nodes.size() * rules_.nodes.size()) {}

void Picture::apply(const Entry& entry) {
  has_changed_ = true;
  std::visit([&](const auto& what) { on(what, entry.at); }, entry.what);
}

std::size_t Picture::index_of(const std::string& node) const {
  const auto found = std::find(rules_.nodes.begin(), rules_.nodes.end(), node);
  if (found == rules_.nodes.end()) return kNone;
  return static_cast<std::size_t>(found - rules_.nodes.begin());
}

std::vector<std::size_t> Picture::holders(const core::Prefix& prefix) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    if (machines_[i].addresses.contains(prefix)) out.push_back(i);
  }
  return out;
}

bool Picture::holds(std::size_t machine, const core::IpAddress& vip) const {
  const auto& addresses = machines_[machine].addresses;
  const auto at = addresses.lower_bound({vip, 0});
  return at != addresses.end() && at->first.address == vip;
}

void Picture::on(const seen::Cause& cause, Instant at) {
  last_cause_ = at;
  if (cause.machine != kNone) {
    machines_[cause.machine].hit = at;
  } else {
    for (auto& machine : machines_) machine.hit = at;
  }
}

void Picture::on(const seen::Kernels& kernels, Instant at) {
  kernels_are_well_ = kernels.are_well;
  kernels_since_ = at;
}

void Picture::on(const seen::Trouble& trouble, Instant at) {
  is_troubled_ = trouble.is_there;
  last_cause_ = at;
}

void Picture::on(const seen::Daemon& daemon, Instant at) {
  auto& machine = machines_[daemon.machine];
  if (machine.state == DaemonState::off && daemon.state != DaemonState::off) {
    machine.started = at;
    machine.inactive = at;
    machine.is_active = false;
    machine.shared.reset();
    machine.version = 0;
  }
  if (machine.state == DaemonState::running) machine.paused = at;
  machine.state = daemon.state;
  machine.state_since = at;
}

void Picture::on(const seen::Guard& guard, Instant at) {
  machines_[guard.machine].guard = guard.state;
  machines_[guard.machine].guard_since = at;
}

void Picture::on(const seen::GuardActs& acts, Instant at) {
  machines_[acts.machine].hit = at;
  if (acts.deed == GuardDeed::speaks) machines_[acts.machine].inactive = at;
}

void Picture::on(const seen::Address& address, Instant) {
  auto& addresses = machines_[address.machine].addresses;
  if (address.is_there) {
    addresses[address.prefix] = address.is_ours;
  } else {
    addresses.erase(address.prefix);
  }
}

void Picture::on(const seen::Hears& hears, Instant at) {
  hears_[hears.from * machines_.size() + hears.to] = {hears.does, at};
}

void Picture::on(const seen::Cached& cached, Instant) {
  caches_[{cached.host, cached.vip}] = cached.machine;
}

void Picture::on(const seen::File& file, Instant) {
  machines_[file.machine].file = file.shared;
  if (file.shared) files_[core::content_digest(core::format_shared(*file.shared))] = file.shared;
}

// What a node sent may be adopted when the node runs something else already.
std::shared_ptr<const core::Shared> Picture::contents_of(
    const core::event::ConfigAdopted& adopted) const {
  const auto file = files_.find(adopted.digest);
  if (file != files_.end()) return file->second;
  const auto from = index_of(adopted.from);
  return from == kNone ? nullptr : machines_[from].shared;
}

void Picture::on(const seen::Said& said_, Instant at) {
  said(machines_[said_.machine], said_.event, at);
}

void Picture::said(MachinePicture& machine, const core::LogEvent& event, Instant at) {
  if (const auto* started = std::get_if<event::Started>(&event)) {
    machine.shared = machine.file;
    machine.version = started->version;
  } else if (const auto* adopted = std::get_if<event::ConfigAdopted>(&event)) {
    machine.shared = contents_of(*adopted);
    machine.version = adopted->after;
  } else if (const auto* reloaded = std::get_if<event::ConfigReloaded>(&event)) {
    if (machine.file && machine.file->version == reloaded->version &&
        reloaded->version != machine.version) {
      machine.shared = machine.file;
    }
    machine.version = reloaded->version;
  } else if (std::holds_alternative<event::SelfInactive>(event) ||
             std::holds_alternative<event::Stopping>(event) ||
             std::holds_alternative<event::SelfActive>(event)) {
    machine.is_active = std::holds_alternative<event::SelfActive>(event);
    machine.inactive = at;
    return;
  } else {
    has_changed_ = false;
    return;
  }
  machine.configured = at;
}

void Picture::on(const seen::Peace& peace, Instant at) { peace_.emplace(at, peace); }

std::vector<core::Prefix> vips_of(const core::Shared& shared) {
  std::vector<core::Prefix> out;
  for (const auto& group : shared.groups) {
    for (const auto& vip : group.vips) out.push_back(vip.prefix());
  }
  return out;
}

}  // namespace vippy::sim
