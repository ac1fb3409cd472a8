#include "tests/support/net_space.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/support/world.h"

namespace vippy::lab {

namespace {

int current_space() { return ::open("/proc/thread-self/ns/net", O_RDONLY); }

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::string read_all(int fd) {
  std::string text(static_cast<std::size_t>(std::max<off_t>(::lseek(fd, 0, SEEK_END), 0)), '\0');
  const auto count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return text;
}

}  // namespace

NetSpace::NetSpace(std::string name) : name_(std::move(name)) {
  const int home = current_space();
  if (home < 0 || ::unshare(CLONE_NEWNET) != 0) {
    throw Refused(std::string("a network namespace is refused: ") + std::strerror(errno));
  }
  fd_ = current_space();
  const bool is_back = ::setns(home, CLONE_NEWNET) == 0;
  ::close(home);
  if (fd_ < 0 || !is_back) fail("the way back to the first network namespace");
  ip("link set lo up");
}

NetSpace::~NetSpace() {
  if (fd_ >= 0) ::close(fd_);
}

std::string NetSpace::path() const { return "/proc/self/fd/" + std::to_string(fd_); }

void NetSpace::in(const std::function<void()>& body) const {
  const int home = current_space();
  if (::setns(fd_, CLONE_NEWNET) != 0) fail("entering " + name_);
  const auto back = [&] {
    const bool is_back = ::setns(home, CLONE_NEWNET) == 0;
    ::close(home);
    if (!is_back) fail("leaving " + name_);
  };
  try {
    body();
  } catch (...) {
    back();
    throw;
  }
  back();
}

void NetSpace::ip(const std::string& lines) const {
  const auto done = run_program({"ip", "-batch", "-"}, lines + "\n", this);
  if (done.code != 0) throw std::runtime_error("ip in " + name_ + ": " + done.output + lines);
}

void NetSpace::sysctl(const std::string& path, const std::string& value) const {
  in([&] { write_file("/proc/sys/net/" + path, value); });
}

unsigned NetSpace::index_of(const std::string& interface) const {
  unsigned index = 0;
  in([&] { index = ::if_nametoindex(interface.c_str()); });
  if (index == 0) throw std::runtime_error(name_ + " has no interface " + interface);
  return index;
}

pid_t start_program(const std::vector<std::string>& words, int input, int output,
                    const NetSpace* space) {
  std::vector<char*> arguments;
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  const auto child = ::fork();
  if (child < 0) fail("fork");
  if (child > 0) return child;
  if (space != nullptr && ::setns(space->descriptor(), CLONE_NEWNET) != 0) ::_exit(126);
  ::dup2(input, 0);
  ::dup2(output, 1);
  ::dup2(output, 2);
  // Namespaces are handed on to `ip` only: a daemon should have nothing that it did not open.
  if (words.front() != "ip") ::close_range(3, ~0U, 0);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

int wait_for_end(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) fail("waitpid");
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Finished run_program(const std::vector<std::string>& words, const std::string& input,
                     const NetSpace* space) {
  const int in = ::memfd_create("input", MFD_CLOEXEC);
  const int out = ::memfd_create("output", MFD_CLOEXEC);
  if (in < 0 || out < 0) fail("memfd_create");
  if (::pwrite(in, input.data(), input.size(), 0) != static_cast<ssize_t>(input.size())) {
    fail("pwrite");
  }
  Finished finished;
  finished.code = wait_for_end(start_program(words, in, out, space));
  finished.output = read_all(out);
  ::close(in);
  ::close(out);
  return finished;
}

}  // namespace vippy::lab
