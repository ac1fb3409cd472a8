// The platform seam over virtual time: one simulated machine's kernel, seen by one daemon.
//
// Purpose: let the unchanged daemon run in the simulator. The kernel outlives the daemon: what a
//          crash leaves behind stays.
// Purity:  no real clock, no threads; all randomness comes from the world's generator.
// Order:   notifications come in the order of the changes; acknowledgements come on their own time.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "platform/platform.h"
#include "tests/sim/history.h"

namespace vippy::sim {

inline constexpr platform::InterfaceIndex kEth0 = 2;

using Octets = std::shared_ptr<const std::vector<std::uint8_t>>;

// One event with the memory that its spans point into.
struct Delivery {
  platform::Event event;
  Octets bytes;
};

// What the machine's kernel has and does; the world implements what leaves the machine.
class Wire {
 public:
  virtual ~Wire() = default;
  virtual void multicast(std::size_t machine, std::span<const std::uint8_t> bytes) = 0;
  virtual void frame(std::size_t machine, std::span<const std::uint8_t> bytes) = 0;
  // Runs `what` after a while, on this machine's kernel.
  virtual void later(Duration after, std::function<void()> what) = 0;
  virtual Duration address_delay(std::size_t machine) = 0;
  virtual Duration notification_lag(std::size_t machine) = 0;
  virtual bool refuses_address(std::size_t machine) = 0;
  virtual void address_changed(std::size_t machine, const core::Prefix& prefix, bool exists,
                               bool is_ours, By by) = 0;
};

struct Kernel {
  std::string interface = "eth0";
  core::Mac mac;
  bool is_running = true;
  std::map<core::Prefix, bool> addresses;               // on the interface; true: our mark
  std::map<core::IpAddress, core::Mac> neighbours;

  // As Linux: an IPv4 address may be there once for each length, an IPv6 address only once.
  [[nodiscard]] bool refuses_as_there(const core::Prefix& prefix) const;
};

class SimPlatform final : public platform::Platform {
 public:
  SimPlatform(std::size_t machine, Kernel& kernel, Wire& wire, const Instant& now,
              std::uint64_t seed);
  ~SimPlatform() override { *alive_ = false; }

  [[nodiscard]] std::string_view name() const override { return "sim"; }
  [[nodiscard]] const platform::Capabilities& capabilities() const override {
    return capabilities_;
  }
  [[nodiscard]] Instant now() const override { return now_; }
  [[nodiscard]] std::uint64_t seed() override { return seed_; }
  [[nodiscard]] std::size_t wait(Instant deadline, std::span<platform::Event> out) override;
  void perform(const platform::Request& request) override;

  void deliver(Delivery delivery) { inbox_.push_back(std::move(delivery)); }
  [[nodiscard]] bool has_events() const { return !inbox_.empty(); }
  [[nodiscard]] bool has_chat() const { return has_chat_; }
  // Its socket drops what the daemon itself has sent.
  [[nodiscard]] bool is_own(std::span<const std::uint8_t> bytes) const;
  void link_changed();
  // The kernel's notification of a change that has happened.
  void notify(const core::Prefix& prefix, bool exists, bool is_tagged, Duration after = {});

 private:
  void on(const platform::OpenChat& request);
  void on(const platform::OpenManagement& request);
  void on(const platform::UseInjector& request);
  void on(const platform::SendDatagram& request);
  void on(const platform::SendFrame& request);
  void on(const platform::AddAddress& request);
  void on(const platform::RemoveAddress& request);
  void on(const platform::WithdrawAdditions& request);
  void on(const platform::HarvestNeighbours& request);
  void on(const platform::StreamSend&) {}
  void on(const platform::StreamClose&) {}
  void on(const platform::ListenFrames&) {}
  void on(const platform::RunBeside& request);
  void outcome(platform::RequestId id, int os_error);
  void neighbour_table();
  void later(Duration after, std::function<void()> what);

  std::size_t machine_;
  Kernel& kernel_;
  Wire& wire_;
  const Instant& now_;
  std::uint64_t seed_;
  platform::Capabilities capabilities_;
  std::deque<Delivery> inbox_;
  std::vector<Delivery> handed_out_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Instant notified_until_{};  // no notification may overtake the one before
  bool has_chat_ = false;
  std::optional<platform::OwnMark> own_;
  platform::WillTarget route_;
};

}  // namespace vippy::sim
