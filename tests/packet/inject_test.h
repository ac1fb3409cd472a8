// What every injector promises, run on a real kernel.
#pragma once

#include <net/if.h>

#include <cerrno>

#include "packet/arp.h"
#include "packet/injector.h"
#include "packet/ndp.h"
#include "tests/packet/poison.h"
#include "tests/packet/veth_pair.h"

namespace vippy::packet {

using MakeInjector = std::unique_ptr<Injector> (*)(int* os_error);

inline const core::Mac kNear = {{0x02, 0, 0, 0, 0, 0x01}};

inline std::string expect_error(int found, std::initializer_list<int> allowed, const char* what) {
  for (const int error : allowed) {
    if (found == error) return "";
  }
  return std::string(what) + ": error " + std::to_string(found);
}

inline std::string name_of(MakeInjector make) {
  int error = -1;
  const auto injector = make(&error);
  return injector && error == 0 ? std::string(injector->name()) : "error";
}

// Frames arrive as they were given, short ones padded with zeros to 60 octets.
inline std::string delivers_and_pads(MakeInjector make) {
  int error = 0;
  const auto injector = make(&error);
  if (!injector) return "no injector: error " + std::to_string(error);
  const FrameReader reader("far");
  const auto near = ::if_nametoindex("near");
  auto arp = encoded(arp_announcement({{10, 77, 1, 1}}, kNear));
  const auto vip = *core::parse_ipv6("fd77::9");
  const auto na = encoded(ndp_announcement(vip, kNear, RouterFlag::no));
  for (int round = 0; round < 100; ++round) {
    if (error = injector->inject(near, arp); error != 0) {
      return "arp: error " + std::to_string(error);
    }
    if (error = injector->inject(near, na); error != 0) return "na: error " + std::to_string(error);
    const auto first = reader.next(arp);
    if (!first) return "the ARP frame did not arrive";
    auto padded = arp;
    padded.resize(60, 0);
    if (*first != padded) return "the ARP frame is not padded with zeros to 60 octets";
    if (reader.next(na) != na) return "the advertisement did not arrive as it was given";
  }
  return "";
}

inline std::string names_its_errors(MakeInjector make) {
  int error = 0;
  const auto injector = make(&error);
  if (!injector) return "no injector: error " + std::to_string(error);
  const auto near = ::if_nametoindex("near");
  const Bytes frame = encoded(arp_announcement({{10, 77, 1, 1}}, kNear));
  const Bytes longer(200, 0);
  std::string found = expect_error(injector->inject(9999, frame), {ENXIO, ENODEV}, "no interface");
  found += expect_error(injector->inject(near, Bytes(13, 0)), {EINVAL}, "short");
  found += expect_error(injector->inject(near, longer), {EMSGSIZE}, "long");
  found += expect_error(injector->inject(near, frame), {0}, "good frame");
  if (std::system("ip link set near down") != 0) return "ip link set near down";
  found += expect_error(injector->inject(near, frame), {ENETDOWN, ENXIO}, "link down");
  if (std::system("ip link set near up") != 0) return "ip link set near up";
  injector->forget(near);
  found += expect_error(injector->inject(near, frame), {0}, "after forget");
  if (std::system("ip link set near down && ip link set near up") != 0) return "down and up";
  found += expect_error(injector->inject(near, frame), {0}, "down and up");
  if (std::system("ip link del near") != 0) return "ip link del near";
  found += expect_error(injector->inject(near, frame), {ENXIO, ENODEV}, "deleted");
  injector->forget(near);
  injector->forget(near);
  return found + expect_error(injector->inject(near, frame), {ENXIO, ENODEV}, "forgotten");
}

}  // namespace vippy::packet
