// What a kernel has: addresses and neighbours, asked by netlink.
//
// Purpose: see what vippyd did to a host without trusting vippyd, and without reading text.
// Errors:  std::runtime_error when netlink refuses.
// Order:   AddressWatch sees every change since its construction.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/ip.h"
#include "tests/support/net_space.h"

namespace vippy::lab {

struct KernelAddress {
  unsigned index = 0;
  core::Prefix prefix;
  bool is_secondary = false;
  std::uint8_t protocol = 0;  // IFA_PROTO: who set it

  [[nodiscard]] std::string text() const { return core::format(prefix); }
};

// All addresses but those of loopback.
[[nodiscard]] std::vector<KernelAddress> addresses(const NetSpace& space);
[[nodiscard]] std::optional<KernelAddress> find_address(const NetSpace& space,
                                                        const std::string& ip);
[[nodiscard]] bool has_address(const NetSpace& space, const std::string& ip);

// IPv4 hosts that it answers for by a local route of this protocol, sorted.
inline constexpr std::uint8_t kOurRoutes = 181;
[[nodiscard]] std::vector<std::string> local_routes(const NetSpace& space,
                                                    std::uint8_t protocol = kOurRoutes);
[[nodiscard]] bool has_route(const NetSpace& space, const std::string& ip);

// The MAC that this kernel would send to, if it knows one.
[[nodiscard]] std::optional<core::Mac> neighbour(const NetSpace& space, const std::string& ip);
[[nodiscard]] core::Mac mac_of(const NetSpace& space, const std::string& interface);

// An address, or one of our local routes, came or went.
struct AddressChange {
  core::IpAddress ip;
  std::optional<std::uint8_t> length;  // nullopt: a route
  bool is_there = false;

  [[nodiscard]] std::string text() const;  // "+10.77.1.1/16", "-10.77.1.1"
};

// Changes of addresses, and of our local routes.
class AddressWatch {
 public:
  explicit AddressWatch(const NetSpace& space);
  ~AddressWatch();
  AddressWatch(const AddressWatch&) = delete;
  AddressWatch& operator=(const AddressWatch&) = delete;

  // "+10.77.1.1/16" and "-10.77.1.1/16", of routes "+10.77.1.1" and "-10.77.1.1", in the order in
  // which they happened, since the start.
  const std::vector<std::string>& changes();
  // The same, unwritten.
  const std::vector<AddressChange>& read();
  [[nodiscard]] bool saw(const std::string& change);
  // Readable when there is something new.
  [[nodiscard]] int descriptor() const { return fd_; }

 private:
  using Key = std::pair<core::IpAddress, std::optional<std::uint8_t>>;

  int fd_ = -1;
  std::set<Key> present_;
  std::vector<AddressChange> read_;
  std::vector<std::string> changes_;  // the text of those
};

// Changes of the neighbour table of IPv4.
struct NeighbourChange {
  core::IpAddress ip;
  core::Mac mac;
};

class NeighbourWatch {
 public:
  explicit NeighbourWatch(const NetSpace& space);
  ~NeighbourWatch();
  NeighbourWatch(const NeighbourWatch&) = delete;
  NeighbourWatch& operator=(const NeighbourWatch&) = delete;

  // What is new since the last call, in the order in which it happened.
  std::vector<NeighbourChange> take();
  [[nodiscard]] int descriptor() const { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace vippy::lab
