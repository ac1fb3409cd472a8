#include "tests/sim/sim_platform.h"

#include <cerrno>
#include <functional>
#include <utility>

namespace vippy::sim {

namespace {

std::shared_ptr<const std::vector<std::uint8_t>> no_bytes() { return nullptr; }

platform::LinkChanged link_of(const Kernel& kernel) {
  return {kEth0, "eth0", kernel.mac, true, kernel.is_running, true, false};
}

}  // namespace

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
  outcome(request.id, 0);
}

void SimPlatform::on(const platform::OpenManagement& request) { outcome(request.id, 0); }
void SimPlatform::on(const platform::UseInjector& request) { outcome(request.id, 0); }

void SimPlatform::on(const platform::SendDatagram& request) {
  wire_.multicast(machine_, {request.bytes.begin(), request.bytes.end()});
}

void SimPlatform::on(const platform::SendFrame& request) {
  if (kernel_.is_running) wire_.frame(machine_, {request.bytes.begin(), request.bytes.end()});
}

void SimPlatform::on(const platform::AddAddress& request) {
  const auto prefix = request.prefix;
  const auto id = request.id;
  // The kernel acts whether or not the daemon lives to hear of it; the notification comes after
  // the acknowledgement.
  const bool refused = wire_.refuses_address();
  const bool exists = kernel_.addresses.contains(prefix);
  if (!refused && !exists) kernel_.addresses[prefix] = true;
  later(wire_.address_delay(), [this, id, prefix, refused, exists] {
    outcome(id, refused ? ENOBUFS : exists ? EEXIST : 0);
    if (!refused && !exists) address_changed(prefix, true);
  });
}

void SimPlatform::on(const platform::RemoveAddress& request) {
  const auto prefix = request.prefix;
  const auto id = request.id;
  const bool existed = kernel_.addresses.erase(prefix) > 0;
  later(wire_.address_delay(), [this, id, prefix, existed] {
    outcome(id, existed ? 0 : EADDRNOTAVAIL);
    if (existed) address_changed(prefix, false);
  });
}

void SimPlatform::on(const platform::HarvestNeighbours&) { neighbour_table(); }

void SimPlatform::link_changed() { deliver({link_of(kernel_), no_bytes()}); }

void SimPlatform::address_changed(const core::Prefix& prefix, bool exists) {
  const auto found = kernel_.addresses.find(prefix);
  const bool tagged = found == kernel_.addresses.end() || found->second;
  deliver({platform::AddressChanged{kEth0, prefix, exists, tagged}, no_bytes()});
}

}  // namespace vippy::sim
