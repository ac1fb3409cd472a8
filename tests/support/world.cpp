#include "tests/support/world.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace vippy::lab {

namespace {

constexpr int kSpaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;

[[noreturn]] void refuse(const std::string& step) {
  throw Refused(step + " is refused (" + std::strerror(errno) +
                "): this needs namespaces of its own. Run it as root (CAP_SYS_ADMIN), or allow "
                "user namespaces: sysctl user.max_user_namespaces>0, "
                "kernel.unprivileged_userns_clone=1 (Debian), "
                "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in a container: "
                "--privileged, or --cap-add SYS_ADMIN,NET_ADMIN,NET_RAW with seccomp and AppArmor "
                "unconfined");
}

void unshare_spaces() {
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  if (uid == 0 && ::unshare(kSpaces) == 0) return;
  if (::unshare(CLONE_NEWUSER) != 0) refuse("unshare(CLONE_NEWUSER)");
  try {
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
    write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
  } catch (const std::runtime_error&) {
    errno = EPERM;
    refuse("to be root in a user namespace");
  }
  if (::unshare(kSpaces) != 0) refuse("unshare of mount, process and network namespaces");
}

[[noreturn]] void wait_outside(pid_t inner) {
  int status = 0;
  while (::waitpid(inner, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

void die_with_parent(int alive) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  char octet = 0;
  // The parent holds the other end for as long as it lives.
  if (::read(alive, &octet, 1) == 0) ::_exit(1);
}

void mount_own() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) refuse("mount --private");
  if (::mount("tmpfs", kFolder, "tmpfs", 0, "mode=755") != 0) refuse("mount of a tmpfs");
  // Without a syslog the C library cries there instead, which takes milliseconds on a serial line.
  ::mount("/dev/null", "/dev/console", nullptr, MS_BIND, nullptr);
  // Where the outer /proc is masked this is refused; process numbers differ then, no more.
  if (::mount("proc", "/proc", "proc", 0, nullptr) != 0 && errno != EPERM) refuse("mount of /proc");
}

void pause_for(Duration time) {
  timespec left{0, static_cast<long>(time.count())};
  ::ppoll(nullptr, 0, &left, nullptr);
}

}  // namespace

void enter_world() {
  unshare_spaces();
  std::array<int, 2> alive{};
  if (::pipe2(alive.data(), O_CLOEXEC | O_NONBLOCK) != 0) refuse("pipe");
  std::fflush(nullptr);
  const auto inner = ::fork();
  if (inner < 0) refuse("fork");
  if (inner > 0) wait_outside(inner);
  ::close(alive[1]);
  die_with_parent(alive[0]);
  std::signal(SIGPIPE, SIG_IGN);
  mount_own();
}

void wait_until(const std::string& what, const std::function<bool()>& condition,
                Duration deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      throw Timeout("waited " + std::to_string(deadline / std::chrono::milliseconds(1)) +
                    " ms in vain: " + what);
    }
    pause_for(std::chrono::milliseconds(2));
  }
}

bool holds_for(Duration time, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
    if (!condition()) return false;
    pause_for(std::chrono::milliseconds(2));
  }
  return condition();
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.flush();
  if (!file) throw std::runtime_error("cannot write " + path);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool contains(const std::string& text, const std::string& part) {
  std::size_t at = 0;
  std::istringstream pieces(part);
  for (std::string piece; std::getline(pieces, piece, '?');) {
    at = text.find(piece, at);
    if (at == std::string::npos) return false;
    at += piece.size();
  }
  return true;
}

}  // namespace vippy::lab
