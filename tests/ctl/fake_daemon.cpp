#include "tests/ctl/fake_daemon.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace vippy::ctl {

namespace {

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::abort();
}

int listen_at(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up("bind");
  }
  if (::listen(listener, 8) != 0) give_up("listen");
  return listener;
}

std::string read_until(int descriptor, const char* end) {
  std::string text;
  char chunk[4096];
  while (end == nullptr || text.find(end) == std::string::npos) {
    const auto got = ::read(descriptor, chunk, sizeof chunk);
    if (got <= 0) break;
    text.append(chunk, static_cast<std::size_t>(got));
  }
  return text;
}

// The head, and the body that it announces.
std::string read_request(int descriptor) {
  auto text = read_until(descriptor, "\r\n\r\n");
  const auto head = text.find("\r\n\r\n");
  const auto said = text.find("Content-Length: ");
  if (head == std::string::npos || said > head) return text;
  const auto whole = head + 4 + std::strtoul(text.c_str() + said + 16, nullptr, 10);
  char chunk[4096];
  while (text.size() < whole) {
    const auto got = ::read(descriptor, chunk, sizeof chunk);
    if (got <= 0) break;
    text.append(chunk, static_cast<std::size_t>(got));
  }
  return text;
}

void send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

std::vector<char*> argument_list(const std::vector<std::string>& arguments) {
  static char program[] = VIPPY_BINARY_DIR "/vippyctl";
  std::vector<char*> list = {program};
  for (const auto& argument : arguments) list.push_back(const_cast<char*>(argument.c_str()));
  list.push_back(nullptr);
  return list;
}

int exit_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  auto pattern = (std::filesystem::temp_directory_path() / "vippyctl.XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) give_up("mkdtemp");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

FakeDaemon::FakeDaemon(Handler handler, After after)
    : handler_(std::move(handler)),
      after_(after),
      listener_(listen_at(folder_.file("socket"))),
      thread_([this] { serve(); }) {}

FakeDaemon::~FakeDaemon() {
  is_stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void FakeDaemon::serve() {
  while (!is_stopping_) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const auto request = read_request(connection);
    if (!request.empty()) send_all(connection, handler_(request));
    if (after_ == After::hang) static_cast<void>(read_until(connection, nullptr));
    ::close(connection);
  }
}

std::string http_reply(const std::string& body, const char* status) {
  return std::string("HTTP/1.1 ") + status + "\r\nContent-Type: text/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\nConnection: keep-alive\r\n\r\n" + body;
}

Finished vippyctl(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const auto errors = folder.file("err");
  const auto list = argument_list(arguments);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) give_up("pipe2");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(::open(errors.c_str(), O_CREAT | O_WRONLY, 0600), STDERR_FILENO);
    ::execv(list[0], list.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  Finished finished;
  finished.out = read_until(ends[0], nullptr);
  ::close(ends[0]);
  finished.exit = exit_of(child);
  const int written = ::open(errors.c_str(), O_RDONLY | O_CLOEXEC);
  finished.err = read_until(written, nullptr);
  ::close(written);
  return finished;
}

Finished vippyctl_on_terminal(const std::vector<std::string>& arguments) {
  const auto list = argument_list(arguments);
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child < 0) give_up("forkpty");
  if (child == 0) {
    ::execv(list[0], list.data());
    ::_exit(127);
  }
  Finished finished;
  finished.out = read_until(terminal, nullptr);
  ::close(terminal);
  finished.exit = exit_of(child);
  return finished;
}

}  // namespace vippy::ctl
