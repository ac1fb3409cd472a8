#include "tests/support/node_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <utility>

#include "tests/support/world.h"

namespace vippy::lab {

NodeProcess::NodeProcess(const NetSpace& space, std::string name)
    : space_(space), name_(std::move(name)) {
  write_file(log_file(), "");
}

NodeProcess::~NodeProcess() { kill(); }

std::string NodeProcess::file(const std::string& ending) const {
  return std::string(kFolder) + "/" + name_ + ending;
}

void NodeProcess::run(const std::vector<std::string>& words) {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const int log = ::open(log_file().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  pid_ = start_program(words, nothing, log, &space_);
  ::close(nothing);
  ::close(log);
}

void NodeProcess::signal(int number) const {
  if (pid_ <= 0 || ::kill(pid_, number) != 0) throw std::runtime_error(name_ + " is not running");
}

int NodeProcess::stop() {
  signal(SIGTERM);
  return wait_exit();
}

void NodeProcess::kill() {
  if (pid_ <= 0) return;
  signal(SIGKILL);
  wait_exit();
}

void NodeProcess::freeze() { signal(SIGSTOP); }
void NodeProcess::thaw() { signal(SIGCONT); }
void NodeProcess::reload() { signal(SIGHUP); }

int NodeProcess::wait_exit() { return wait_for_end(std::exchange(pid_, -1)); }

bool NodeProcess::has_ended() const {
  siginfo_t end{};
  return pid_ > 0 &&
         ::waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         end.si_pid == pid_;
}

std::string NodeProcess::log() const { return read_file(log_file()); }

void NodeProcess::wait_log(const std::string& part) const {
  wait_until(name_ + " says \"" + part + "\"", [&] { return contains(new_log(), part); });
}

}  // namespace vippy::lab
