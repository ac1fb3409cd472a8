#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "platform/guard_host.h"
#include "platform/linux/announce_send.h"
#include "platform/linux/clock_linux.h"
#include "platform/linux/free_memory.h"
#include "platform/linux/guard_descriptors.h"
#include "platform/linux/guard_name.h"
#include "platform/linux/guard_removal.h"

namespace vippy::platform {

namespace {

constexpr std::uint64_t kKeptCapabilities =
    1ULL << CAP_NET_ADMIN | 1ULL << CAP_SYS_NICE | 1ULL << CAP_IPC_LOCK;

// First what is here is made present, then what comes is locked as it is touched.
int lock_memory() {
  if (::mlockall(MCL_CURRENT) != 0) return errno;
  return ::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0 ? 0 : errno;
}

// Never, or as late as the service manager has chosen for the daemon.
int escape_out_of_memory() {
  constexpr std::string_view kNever = "-1000";
  constexpr int kLate = -900;
  const Descriptor file(::open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC));
  if (!file) return errno;
  if (::write(file.get(), kNever.data(), kNever.size()) > 0) return 0;
  const int error = errno;
  std::array<char, 16> text{};
  const bool is_read = ::pread(file.get(), text.data(), text.size() - 1, 0) > 0;
  return is_read && std::atoi(text.data()) <= kLate ? 0 : error;
}

// Keeps what it may need of what it has; the errno when addresses cannot be removed.
int limit_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return errno;
  for (std::size_t i = 0; i < sets.size(); ++i) {
    const auto kept = static_cast<std::uint32_t>(kKeptCapabilities >> (32 * i));
    sets[i].permitted &= kept;
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable = 0;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return errno;
  return (sets[0].effective & (1U << CAP_NET_ADMIN)) != 0 ? 0 : EPERM;
}

Descriptor open_sender(int family) {
  Descriptor socket(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int priority = 6;  // TC_PRIO_INTERACTIVE, as the daemon's announcements
  ::setsockopt(socket.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof(on));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_PRIORITY, &priority, sizeof(priority));
  return socket;
}

void set_hops(int socket, bool is_v4, int hops) {
  const int level = is_v4 ? IPPROTO_IP : IPPROTO_IPV6;
  const int unicast = hops == 0 ? 1 : hops;
  ::setsockopt(socket, level, is_v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
  ::setsockopt(socket, level, is_v4 ? IP_TTL : IPV6_UNICAST_HOPS, &unicast, sizeof(unicast));
}

class GuardHostLinux final : public GuardHost {
 public:
  std::span<std::byte> board() override;
  Fitness prepare(std::string_view name) override;
  void report(const Fitness& fitness) override;
  int set_priority(int priority) override;
  void keep_in_memory(std::span<const std::byte> memory) override;
  core::Instant now() const override { return monotonic_now(); }
  bool wait(core::Instant deadline) override;
  int send(const WillTarget& target, std::span<const std::uint8_t> bytes) override;
  int find(std::span<const HeldAddress> held, bool needs_tag) override {
    return removal_.find(held, needs_tag);
  }
  Removed remove_some(std::span<const HeldAddress> held) override {
    return removal_.remove_some(held);
  }
  void kill_daemon() override;
  void say(std::string_view line) override;

 private:
  void read_words();

  Descriptor daemon_;  // a pidfd
  Descriptor sender4_;
  Descriptor sender6_;
  GuardName name_;
  GuardRemoval removal_;
  bool is_dead_ = false;
};

std::span<std::byte> GuardHostLinux::board() {
  struct stat facts {};
  if (::fstat(kGuardBoard, &facts) != 0) return {};
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, kGuardBoard, 0);
  if (memory == MAP_FAILED) return {};
  return {static_cast<std::byte*>(memory), size};
}

Fitness GuardHostLinux::prepare(std::string_view name) {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "vippy-guard", 0, 0, 0);
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  // Whatever the daemon or its libraries left open must not live longer than the daemon.
  ::syscall(SYS_close_range, kGuardLiveness + 1, ~0U, 0);
  (void)!::chdir("/");
  Fitness fitness;
  daemon_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0)));
  fitness.kill = daemon_ ? 0 : errno;
  sender4_ = open_sender(AF_INET);
  sender6_ = open_sender(AF_INET6);
  fitness.removal = removal_.open();
  // The first look is a rehearsal: code, sockets and buffers have been used once.
  if (fitness.removal == 0) fitness.removal = removal_.find({}, true);
  trim_heap();  // what is not used need not be locked
  fitness.memory_lock = lock_memory();
  fitness.out_of_memory = escape_out_of_memory();
  fitness.name = name_.claim(name);
  const int refused = limit_capabilities();
  if (fitness.removal == 0) fitness.removal = refused;
  return fitness;
}

void GuardHostLinux::report(const Fitness& fitness) {
  ::send(kGuardLiveness, &fitness, sizeof(fitness), MSG_DONTWAIT | MSG_NOSIGNAL);
}

int GuardHostLinux::set_priority(int priority) {
  sched_param parameters{};
  parameters.sched_priority = priority;
  return ::sched_setscheduler(0, priority > 0 ? SCHED_FIFO : SCHED_OTHER, &parameters) == 0 ? 0
                                                                                            : errno;
}

void GuardHostLinux::keep_in_memory(std::span<const std::byte> memory) {
  ::mlock(memory.data(), memory.size());
}

void GuardHostLinux::read_words() {
  std::array<char, 16> word;
  for (;;) {
    const auto count = ::recv(kGuardLiveness, word.data(), word.size(), MSG_DONTWAIT);
    if (count > 0) continue;
    is_dead_ = is_dead_ || count == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
}

bool GuardHostLinux::wait(core::Instant deadline) {
  std::array<pollfd, 2> watched{pollfd{kGuardLiveness, POLLIN, 0},
                                pollfd{daemon_.get(), POLLIN, 0}};
  const auto patience = to_timespec(time_left(deadline));
  const bool is_endless = deadline == core::Instant::max();
  const int ready =
      ::ppoll(watched.data(), is_dead_ ? 0 : watched.size(), is_endless ? nullptr : &patience,
              nullptr);
  if (ready > 0) {
    if (watched[0].revents != 0) read_words();
    is_dead_ = is_dead_ || watched[1].revents != 0;
  }
  return is_dead_;
}

int GuardHostLinux::send(const WillTarget& target, std::span<const std::uint8_t> bytes) {
  const int socket = target.address.is_v4() ? sender4_.get() : sender6_.get();
  set_hops(socket, target.address.is_v4(), target.ttl);
  AnnounceTarget to{target.address, target.port, target.index, target.source};
  if (target.source.is_unspecified() || target.source.family() != target.address.family()) {
    to.source.reset();
  }
  int error = send_announcement(socket, to, bytes);
  if (error != 0 && to.source) {
    to.source.reset();
    error = send_announcement(socket, to, bytes);
  }
  return error;
}

void GuardHostLinux::kill_daemon() {
  ::syscall(SYS_pidfd_send_signal, daemon_.get(), SIGKILL, nullptr, 0);
}

void GuardHostLinux::say(std::string_view line) {
  std::array<char, 256> text{};
  const auto size = std::min(line.size(), text.size() - 1);
  std::copy_n(line.begin(), size, text.begin());
  text[size] = '\n';
  (void)!::write(STDERR_FILENO, text.data(), size + 1);
}

}  // namespace

std::unique_ptr<GuardHost> make_guard_host() {
  int type = 0;
  socklen_t length = sizeof(type);
  const bool is_ours =
      ::getsockopt(kGuardLiveness, SOL_SOCKET, SO_TYPE, &type, &length) == 0 &&
      type == SOCK_SEQPACKET;
  return is_ours ? std::make_unique<GuardHostLinux>() : nullptr;
}

}  // namespace vippy::platform
