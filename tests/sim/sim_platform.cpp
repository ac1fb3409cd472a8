#include "tests/sim/sim_platform.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <utility>

namespace vippy::sim {

namespace {

// What is done beside the loop takes so long, whatever it is.
constexpr Duration kWorkTime = std::chrono::microseconds(200);

std::shared_ptr<const std::vector<std::uint8_t>> no_bytes() { return nullptr; }

platform::LinkChanged link_of(const Kernel& kernel) {
  return {kEth0, kernel.interface, kernel.mac, true, kernel.is_running, true, false};
}

}  // namespace

bool Kernel::refuses_as_there(const core::Prefix& prefix) const {
  if (prefix.address.is_v4()) return addresses.contains(prefix);
  const auto at = addresses.lower_bound({prefix.address, 0});
  return at != addresses.end() && at->first.address == prefix.address;
}

SimPlatform::SimPlatform(std::size_t machine, Kernel& kernel, Wire& wire, const Instant& now,
                         std::uint64_t seed)
    : machine_(machine), kernel_(kernel), wire_(wire), now_(now), seed_(seed) {
  capabilities_.address_tags = true;
  capabilities_.neighbour_events = true;
  using platform::Table;
  deliver({platform::TableBegin{Table::links}, no_bytes()});
  deliver({link_of(kernel_), no_bytes()});
  deliver({platform::TableComplete{Table::links}, no_bytes()});
  deliver({platform::TableBegin{Table::addresses}, no_bytes()});
  for (const auto& [prefix, tagged] : kernel_.addresses) {
    deliver({platform::AddressChanged{kEth0, prefix, true, tagged}, no_bytes()});
  }
  deliver({platform::TableComplete{Table::addresses}, no_bytes()});
  neighbour_table();
}

void SimPlatform::neighbour_table() {
  deliver({platform::TableBegin{platform::Table::neighbours}, no_bytes()});
  for (const auto& [address, mac] : kernel_.neighbours) {
    deliver({platform::NeighbourChanged{kEth0, address, mac, true}, no_bytes()});
  }
  deliver({platform::TableComplete{platform::Table::neighbours}, no_bytes()});
}

std::size_t SimPlatform::wait(Instant, std::span<platform::Event> out) {
  handed_out_.clear();
  while (!inbox_.empty() && handed_out_.size() < out.size()) {
    out[handed_out_.size()] = inbox_.front().event;
    handed_out_.push_back(std::move(inbox_.front()));
    inbox_.pop_front();
  }
  return handed_out_.size();
}

void SimPlatform::perform(const platform::Request& request) {
  std::visit([this](const auto& what) { on(what); }, request);
}

// What the kernel does later must not reach a daemon that has died meanwhile.
void SimPlatform::later(Duration after, std::function<void()> what) {
  wire_.later(after, [alive = alive_, what = std::move(what)] {
    if (*alive) what();
  });
}

void SimPlatform::outcome(platform::RequestId id, int os_error) {
  deliver({platform::Outcome{id, os_error}, no_bytes()});
}

void SimPlatform::on(const platform::OpenChat& request) {
  has_chat_ = true;
  own_ = request.own;
  route_ = {.address = request.group, .port = request.port, .ttl = request.ttl};
  outcome(request.id, 0);
  deliver({platform::ChatRouted{{&route_, 1}}, no_bytes()});
}

bool SimPlatform::is_own(std::span<const std::uint8_t> bytes) const {
  if (!own_ || bytes.size() < own_->offset + sizeof(own_->value)) return false;
  std::uint64_t value = 0;
  for (const auto octet : bytes.subspan(own_->offset, sizeof(value))) value = value << 8U | octet;
  return value == own_->value;
}

void SimPlatform::on(const platform::OpenManagement& request) { outcome(request.id, 0); }
void SimPlatform::on(const platform::UseInjector& request) { outcome(request.id, 0); }

void SimPlatform::on(const platform::SendDatagram& request) {
  wire_.multicast(machine_, request.bytes);
}

void SimPlatform::on(const platform::SendFrame& request) {
  if (kernel_.is_running) wire_.frame(machine_, request.bytes);
}

// The kernel acts at once, whether or not the daemon lives to hear of it.
void SimPlatform::on(const platform::AddAddress& request) {
  const auto prefix = request.prefix;
  const bool refused = wire_.refuses_address(machine_);
  const bool renews = request.renew && kernel_.addresses.contains(prefix);
  const bool exists = !renews && kernel_.refuses_as_there(prefix);
  const auto delay = wire_.address_delay(machine_);
  const bool comes = !refused && !exists && !renews;
  if (comes) {
    kernel_.addresses[prefix] = true;
    wire_.address_changed(machine_, prefix, true, true, By::daemon);
  }
  later(delay, [this, id = request.id, refused, exists] {
    outcome(id, refused ? ENOBUFS : exists ? EEXIST : 0);
  });
  if (comes) notify(prefix, true, true, delay);
}

void SimPlatform::on(const platform::RemoveAddress& request) {
  const auto prefix = request.prefix;
  const auto found = kernel_.addresses.find(prefix);
  const bool existed = found != kernel_.addresses.end();
  const bool was_tagged = existed && found->second;
  const auto delay = wire_.address_delay(machine_);
  if (existed) {
    kernel_.addresses.erase(found);
    wire_.address_changed(machine_, prefix, false, was_tagged, By::daemon);
  }
  later(delay, [this, id = request.id, existed] { outcome(id, existed ? 0 : EADDRNOTAVAIL); });
  if (existed) notify(prefix, false, was_tagged, delay);
}

// This kernel was asked at once.
void SimPlatform::on(const platform::WithdrawAdditions&) {}

void SimPlatform::on(const platform::HarvestNeighbours&) { neighbour_table(); }

void SimPlatform::on(const platform::RunBeside& request) {
  request.work();
  later(kWorkTime, [this] { deliver({platform::WorkDone{}, no_bytes()}); });
}

void SimPlatform::link_changed() { deliver({link_of(kernel_), no_bytes()}); }

// Without a lag it comes right after the acknowledgement; with one, before or long after it.
void SimPlatform::notify(const core::Prefix& prefix, bool exists, bool is_tagged,
                         Duration after) {
  const auto lag = wire_.notification_lag(machine_);
  const auto at = std::max(notified_until_, now_ + (lag == Duration{} ? after : lag));
  notified_until_ = at;
  const Delivery delivery{platform::AddressChanged{kEth0, prefix, exists, is_tagged}, no_bytes()};
  if (at == now_) {
    deliver(delivery);
  } else {
    later(at - now_, [this, delivery] { deliver(delivery); });
  }
}

}  // namespace vippy::sim
