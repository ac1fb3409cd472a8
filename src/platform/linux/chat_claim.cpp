#include "platform/linux/chat_claim.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "platform/linux/abstract_name.h"

namespace vippy::platform {

namespace {

constexpr std::string_view kEverywhere = "all";

std::string chat_of(const OpenChat& request) {
  const auto whom = request.peers.empty() ? core::format(request.group) : std::string("peers");
  return "vippy-chat/" + whom + "/" + std::to_string(request.port) + "/";
}

std::optional<core::IpAddress> address_of(const sockaddr* raw) {
  if (raw == nullptr) return std::nullopt;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(raw);
  if (raw->sa_family == AF_INET) {
    return core::IpAddress::from_octets({bytes + offsetof(sockaddr_in, sin_addr), 4});
  }
  if (raw->sa_family != AF_INET6) return std::nullopt;
  return core::IpAddress::from_octets({bytes + offsetof(sockaddr_in6, sin6_addr), 16});
}

// The names of all interfaces, and of the one that has an address.
struct Links {
  Links() {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0) return;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> list(first, &::freeifaddrs);
    for (const auto* one = first; one != nullptr; one = one->ifa_next) {
      names.insert(one->ifa_name);
      if (const auto address = address_of(one->ifa_addr)) holders[*address] = one->ifa_name;
    }
  }
  std::set<std::string> names;
  std::map<core::IpAddress, std::string> holders;
};

std::set<std::string> paths_of(const OpenChat& request, const Links& links) {
  std::set<std::string> out;
  for (const auto& text : request.interfaces) {
    const auto address = core::parse_ip(text);
    const auto holder = address ? links.holders.find(*address) : links.holders.end();
    out.insert(holder != links.holders.end() ? holder->second : text);
  }
  if (out.empty()) out.insert(std::string(kEverywhere));
  return out;
}

// Another process that may be a daemon?
bool is_rival(const ucred& owner) {
  return owner.pid != ::getpid() && (owner.uid == 0 || owner.uid == ::geteuid());
}

}  // namespace

int ChatClaim::claim(const OpenChat& request) {
  const Links links;
  const auto chat = chat_of(request);
  const auto paths = paths_of(request, links);
  // Whoever is on one interface is in the way of who wants all of them, and the other way round.
  const bool is_everywhere = paths.contains(std::string(kEverywhere));
  const auto others = is_everywhere ? links.names : std::set{std::string(kEverywhere)};
  for (const auto& path : others) {
    const auto owner = owner_of(AbstractName(chat + path));
    if (owner && is_rival(*owner)) return EADDRINUSE;
  }
  std::map<std::string, Descriptor> held;
  for (const auto& path : paths) {
    const auto name = chat + path;
    if (held_.contains(name)) continue;
    auto [descriptor, error] = listen_at(AbstractName(name));
    if (error == EADDRINUSE) {
      const auto owner = owner_of(AbstractName(name));
      if (owner && is_rival(*owner)) return EADDRINUSE;
      continue;
    }
    if (error != 0) return error;
    held.emplace(name, std::move(descriptor));
  }
  for (auto& [name, descriptor] : held_) {
    const bool is_kept = name.starts_with(chat) && paths.contains(name.substr(chat.size()));
    if (is_kept) held.emplace(name, std::move(descriptor));
  }
  held_ = std::move(held);
  return 0;
}

void ChatClaim::turn_away() const {
  for (const auto& [name, listener] : held_) {
    while (Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))) {
    }
  }
}

}  // namespace vippy::platform
