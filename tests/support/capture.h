// Frames as a host sees them on its interface.
//
// Purpose: look at the ARP and neighbour discovery frames that vippyd puts on the wire.
// Units:   Duration of the wall clock; the kernel's time of arrival.
// Order:   sees everything that arrives (not what the namespace itself sends) from its
//          construction on; frames that are neither ARP nor NA or NS are dropped.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "packet/arp.h"
#include "packet/ndp.h"
#include "tests/support/net_space.h"
#include "tests/support/world.h"

namespace vippy::lab {

struct Frame {
  Duration at{};
  std::variant<packet::ArpMessage, packet::NeighbourAdvertisement, packet::NeighbourSolicitation>
      message;
  core::Mac source;

  [[nodiscard]] const packet::ArpMessage* arp() const {
    return std::get_if<packet::ArpMessage>(&message);
  }
  [[nodiscard]] const packet::NeighbourAdvertisement* na() const {
    return std::get_if<packet::NeighbourAdvertisement>(&message);
  }
  [[nodiscard]] const packet::NeighbourSolicitation* ns() const {
    return std::get_if<packet::NeighbourSolicitation>(&message);
  }
  // "10.77.1.1": whom it speaks of.
  [[nodiscard]] std::string about() const;
};

class Capture {
 public:
  Capture(const NetSpace& space, const std::string& interface);
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Everything until now.
  const std::vector<Frame>& frames();
  // Only those that speak of this address.
  std::vector<Frame> about(const std::string& ip);

 private:
  int fd_ = -1;
  std::vector<Frame> frames_;
};

}  // namespace vippy::lab
