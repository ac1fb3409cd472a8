#include <fcntl.h>
#include <linux/capability.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>

#include "platform/guard_host.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/guard_descriptors.h"
#include "platform/linux/left_processes.h"

namespace vippy::platform {

namespace {

constexpr const char* kProgram = "vippy-guard";
constexpr int kHighDescriptor = 10;  // above those that the guard is started with

// Descriptors below would be overwritten while the guard's are put into place.
Descriptor raised(const Descriptor& low) {
  return Descriptor(low ? ::fcntl(low.get(), F_DUPFD_CLOEXEC, kHighDescriptor) : -1);
}

// The kernel closes the files of a process that ends from the highest descriptor down, and waits at
// each packet socket until no processor looks at it: the guard must not learn of the end last. No
// higher than the service's limit of descriptors, since the kernel keeps a table up to the highest.
int closed_first(int end) {
  constexpr rlim_t kTable = 1'024;
  constexpr rlim_t kFromTop = 16;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return end;
  const rlim_t top = std::min(limit.rlim_cur, kTable);
  const int high = top > kFromTop ? static_cast<int>(top - kFromTop) : 0;
  const int out = high > end ? ::fcntl(end, F_DUPFD_CLOEXEC, high) : -1;
  if (out < 0) return end;
  ::close(end);
  return out;
}

std::string beside_this_program() {
  std::array<char, PATH_MAX> path{};
  const auto length = ::readlink("/proc/self/exe", path.data(), path.size());
  const std::string own(path.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  return own.substr(0, own.rfind('/') + 1) + kProgram;
}

// A program that is started gets no capability of ours but those of the ambient set.
class HandedOn {
 public:
  HandedOn() {
    if (::syscall(SYS_capget, &header_, before_.data()) != 0) return;
    auto sets = before_;
    constexpr std::uint32_t kNeeded = 1U << CAP_NET_ADMIN;
    if ((sets[0].permitted & kNeeded) == 0) return;
    sets[0].inheritable |= kNeeded;
    if (::syscall(SYS_capset, &header_, sets.data()) != 0) return;
    is_changed_ = true;
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_ADMIN, 0, 0);
  }
  // Ambient capabilities go with the inheritable ones.
  ~HandedOn() {
    if (is_changed_) ::syscall(SYS_capset, &header_, before_.data());
  }
  HandedOn(const HandedOn&) = delete;
  HandedOn& operator=(const HandedOn&) = delete;

 private:
  __user_cap_header_struct header_{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> before_{};
  bool is_changed_ = false;
};

// A process group of its own, every signal blocked from its first instruction on. Not a session: it
// would be scheduled as a group of its own (sched_autogroup), and beside busy processes such a
// group of one waits for seconds (measured).
class Start {
 public:
  Start(int board, int liveness) {
    ::posix_spawn_file_actions_init(&files_);
    // Standard error stays the daemon's: the guard's last words go there.
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO}) {
      ::posix_spawn_file_actions_addopen(&files_, standard, "/dev/null", O_RDWR, 0);
    }
    ::posix_spawn_file_actions_adddup2(&files_, board, kGuardBoard);
    ::posix_spawn_file_actions_adddup2(&files_, liveness, kGuardLiveness);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &all);
  }
  ~Start() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;

  int run(const std::string& path, const std::string& name, int* process) const {
    std::array<char*, 3> arguments{const_cast<char*>(kProgram), const_cast<char*>(name.c_str()),
                                   nullptr};
    std::array<char*, 1> environment{nullptr};
    return ::posix_spawn(process, path.c_str(), &files_, &attributes_, arguments.data(),
                         environment.data());
  }

 private:
  posix_spawn_file_actions_t files_{};
  posix_spawnattr_t attributes_{};
};

// Memory that is handed to another process.
class BoardMemory {
 public:
  explicit BoardMemory(std::size_t octets);
  ~BoardMemory();
  BoardMemory(const BoardMemory&) = delete;
  BoardMemory& operator=(const BoardMemory&) = delete;

  [[nodiscard]] std::span<std::byte> bytes() const { return bytes_; }
  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] int os_error() const { return os_error_; }

 private:
  int descriptor_ = -1;
  int os_error_ = 0;
  std::span<std::byte> bytes_;
};

BoardMemory::BoardMemory(std::size_t octets) {
  descriptor_ = ::memfd_create("vippy-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (descriptor_ < 0 || ::ftruncate(descriptor_, static_cast<off_t>(octets)) != 0) {
    os_error_ = errno;
    return;
  }
  ::fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  void* memory = ::mmap(nullptr, octets, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
  if (memory == MAP_FAILED) {
    os_error_ = errno;
    return;
  }
  bytes_ = {static_cast<std::byte*>(memory), octets};
}

BoardMemory::~BoardMemory() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
  if (descriptor_ >= 0) ::close(descriptor_);
}

class GuardProcessLinux final : public GuardProcess {
 public:
  explicit GuardProcessLinux(std::size_t board_octets) : memory_(board_octets) {}
  ~GuardProcessLinux() override;
  GuardProcessLinux(const GuardProcessLinux&) = delete;
  GuardProcessLinux& operator=(const GuardProcessLinux&) = delete;

  std::span<std::byte> board() override { return memory_.bytes(); }
  int board_error() const override { return memory_.os_error(); }
  int find_program(const std::string& path) override;
  int start(const std::string& name) override;
  Word listen() override;
  void poke() const override;
  bool is_running() const override { return descriptor_ >= 0; }
  int process() const override { return process_; }

 private:
  void close();
  void reap();

  BoardMemory memory_;
  int program_ = -1;
  int descriptor_ = -1;
  int process_ = -1;  // 0 or more: started and not reaped
};

GuardProcessLinux::~GuardProcessLinux() {
  close();
  reap();
  if (process_ > 0) leave_process(process_);
  if (program_ >= 0) ::close(program_);
}

int GuardProcessLinux::find_program(const std::string& path) {
  const std::string installed = VIPPY_GUARD_FOLDER "/" + std::string(kProgram);
  const auto candidates =
      path.empty() ? std::array{beside_this_program(), installed} : std::array{path, path};
  int os_error = 0;
  for (const auto& candidate : candidates) {
    const Descriptor found(::open(candidate.c_str(), O_PATH | O_CLOEXEC));
    const Descriptor high = raised(found);
    if (!high) {
      os_error = errno;
      continue;
    }
    if (program_ >= 0) ::close(program_);
    program_ = ::fcntl(high.get(), F_DUPFD_CLOEXEC, kHighDescriptor);
    return program_ >= 0 ? 0 : errno;
  }
  return os_error;
}

int GuardProcessLinux::start(const std::string& name) {
  close();
  reap();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    return errno;
  }
  descriptor_ = closed_first(ends[0]);
  const Descriptor theirs(ends[1]);
  const Descriptor liveness = raised(theirs);
  const Descriptor memory(::fcntl(memory_.descriptor(), F_DUPFD_CLOEXEC, kHighDescriptor));
  const HandedOn capabilities;
  const Start start(memory.get(), liveness.get());
  int error = EMFILE;
  if (liveness && memory) {
    error = start.run("/proc/self/fd/" + std::to_string(program_), name, &process_);
  }
  if (error != 0) {
    process_ = -1;
    close();
  }
  return error;
}

GuardProcess::Word GuardProcessLinux::listen() {
  Word word;
  if (!is_running()) {
    reap();
    return word;
  }
  for (;;) {
    Fitness fitness;
    const auto count = ::recv(descriptor_, &fitness, sizeof(fitness), MSG_DONTWAIT);
    if (count == sizeof(fitness)) {
      word.fitness = fitness;
    } else if (count == 0 || (count < 0 && errno == ECONNRESET)) {
      word.is_gone = true;
      close();
      reap();
      return word;
    } else if (count < 0 && errno != EINTR) {
      return word;
    }
  }
}

void GuardProcessLinux::poke() const {
  if (is_running()) ::send(descriptor_, "l", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void GuardProcessLinux::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void GuardProcessLinux::reap() {
  if (process_ > 0 && ::waitpid(process_, nullptr, WNOHANG) != 0) process_ = -1;
}

}  // namespace

std::unique_ptr<GuardProcess> make_guard_process(std::size_t board_octets) {
  return std::make_unique<GuardProcessLinux>(board_octets);
}

}  // namespace vippy::platform
