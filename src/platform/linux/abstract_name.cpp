#include "platform/linux/abstract_name.h"

#include <algorithm>
#include <cerrno>

namespace vippy::platform {

AbstractName::AbstractName(std::string_view text, std::string_view space) {
  const auto room = sizeof(address_.sun_path) - 1 - space.size();
  text.remove_prefix(text.size() - std::min(text.size(), room));
  address_.sun_family = AF_UNIX;
  auto* at = std::copy(space.begin(), space.end(), address_.sun_path + 1);
  at = std::copy(text.begin(), text.end(), at);
  length_ = static_cast<socklen_t>(at - reinterpret_cast<char*>(&address_));
}

std::optional<ucred> owner_of(const AbstractName& name) {
  const Descriptor asking(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  ucred owner{};
  socklen_t length = sizeof(owner);
  if (!asking || ::connect(asking.get(), name.get(), name.length()) != 0) return std::nullopt;
  if (::getsockopt(asking.get(), SOL_SOCKET, SO_PEERCRED, &owner, &length) != 0) {
    return std::nullopt;
  }
  return owner;
}

std::pair<Descriptor, int> listen_at(const AbstractName& name) {
  constexpr int kBacklog = 1'024;  // those who only ask wait there until they are seen off
  Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return {Descriptor(), errno};
  if (::bind(listener.get(), name.get(), name.length()) != 0) return {Descriptor(), errno};
  if (::listen(listener.get(), kBacklog) != 0) return {Descriptor(), errno};
  return {std::move(listener), 0};
}

}  // namespace vippy::platform
