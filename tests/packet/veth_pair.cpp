#include "tests/packet/veth_pair.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace vippy::packet {

namespace {

constexpr auto kPatience = std::chrono::seconds(5);

void write_file(const char* path, const std::string& text) {
  std::ofstream(path) << text;
}

// Root in a user namespace of its own; without the maps ip(8) would lose its capabilities.
int unshare_as_user() {
  const auto user = std::to_string(::geteuid());
  const auto group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return -1;
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + user + " 1");
  write_file("/proc/self/gid_map", "0 " + group + " 1");
  return 0;
}

std::string make_namespace() {
  if ((::geteuid() == 0 ? ::unshare(CLONE_NEWNET) : unshare_as_user()) != 0) {
    return std::string("this test needs a network namespace (root, or user namespaces): ") +
           std::strerror(errno);
  }
  const int status = std::system(
      "ip link add near address 02:00:00:00:00:01 type veth peer name far"
      " && ip link set near up && ip link set far up");
  return status == 0 ? "" : "cannot make a veth pair with ip(8)";
}

std::string run(const std::function<std::string()>& body) {
  try {
    auto text = make_namespace();
    return text.empty() ? body() : text;
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string read_all(int descriptor) {
  std::string text;
  char chunk[512];
  for (ssize_t got = 0; (got = ::read(descriptor, chunk, sizeof chunk)) > 0;) {
    text.append(chunk, static_cast<std::size_t>(got));
  }
  return text;
}

}  // namespace

std::string with_veth_pair(const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe(ends) != 0) return "pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    const auto text = run(body);
    const bool is_told = ::write(ends[1], text.data(), text.size()) >= 0;
    ::_exit(is_told ? 0 : 1);
  }
  ::close(ends[1]);
  auto text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return text.empty() && status != 0 ? "the child died" : text;
}

FrameReader::FrameReader(const char* interface)
    : socket_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x0003))) {
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(0x0003);
  at.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) std::abort();
}

FrameReader::~FrameReader() { ::close(socket_); }

std::optional<Bytes> FrameReader::next(const Bytes& beginning) const {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) return {};
    Bytes frame(2048);
    const auto got = ::recv(socket_, frame.data(), frame.size(), 0);
    if (got < 0) return {};
    frame.resize(static_cast<std::size_t>(got));
    if (frame.size() >= beginning.size() &&
        std::equal(beginning.begin(), beginning.end(), frame.begin())) {
      return frame;
    }
  }
}

}  // namespace vippy::packet
