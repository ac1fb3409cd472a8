#include "tests/support/netns.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace vippy::support {

namespace {

// Privileges over namespaces of our own, and mounts that the host does not see.
bool make_room() {
  static const bool is_done = [] {
    const auto uid = ::geteuid();
    const auto gid = ::getegid();
    if (uid != 0) {
      if (::unshare(CLONE_NEWUSER) != 0) return false;
      write_file("/proc/self/setgroups", "deny");
      write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1");
      write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
    }
    if (::unshare(CLONE_NEWNS) != 0) return false;
    return ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }();
  return is_done;
}

int spawn(const std::string& command, bool is_quiet) {
  std::vector<std::string> words;
  std::istringstream text(command);
  for (std::string word; text >> word;) words.push_back(word);
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const auto child = ::fork();
  if (child == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (is_quiet) {
      const int sink = ::open("/dev/null", O_WRONLY);
      ::dup2(sink, 1);
      ::dup2(sink, 2);
    }
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

Netns Netns::current() { return Netns(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

Netns Netns::fresh() {
  if (!make_room() || ::unshare(CLONE_NEWNET) != 0) {
    ADD_FAILURE() << "this test needs network namespaces: run it as root, or allow user "
                     "namespaces (kernel.unprivileged_userns_clone=1, user.max_user_namespaces>0)";
    std::exit(1);
  }
  support::run("ip link set lo up");
  return current();
}

Netns::Netns(Netns&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Netns& Netns::operator=(Netns&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Netns::~Netns() {
  if (fd_ >= 0) ::close(fd_);
}

void Netns::enter() const { ASSERT_EQ(::setns(fd_, CLONE_NEWNET), 0); }

void Netns::run(const std::function<void()>& body) const {
  const auto home = current();
  enter();
  body();
  home.enter();
}

std::string Netns::path() const {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_);
}

void run(const std::string& command) { EXPECT_EQ(spawn(command, false), 0) << command; }

bool try_run(const std::string& command) { return spawn(command, true) == 0; }

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.flush();
  EXPECT_TRUE(file.good()) << path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int run_in_child(const std::function<bool()>& body) {
  const auto child = ::fork();
  if (child == 0) ::_exit(body() && !::testing::Test::HasFailure() ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

TempDirectory::TempDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "vippy.XXXXXX";
  const auto* made = ::mkdtemp(name.data());
  EXPECT_NE(made, nullptr);
  path_ = name;
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace vippy::support
