#include "tests/support/vippyd_process.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "tests/support/world.h"

namespace vippy::lab {

namespace {

constexpr timeval kAnswerPatience{2, 0};

// The body once all of it is there.
std::optional<std::string> body_of(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  const auto length = answer.find("Content-Length: ");
  if (end == std::string::npos || length > end) return std::nullopt;
  const auto octets = std::strtoull(answer.c_str() + length + 16, nullptr, 10);
  if (answer.size() < end + 4 + octets) return std::nullopt;
  return answer.substr(end + 4, octets);
}

// The status of the answer; 0: none.
int post(const std::string& socket, const std::string& target) {
  const int fd = connect_unix(socket);
  if (fd < 0) return 0;
  const auto request = "POST " + target +
                       " HTTP/1.1\r\nHost: lab\r\nContent-Type: application/json\r\n"
                       "Content-Length: 2\r\nConnection: close\r\n\r\n{}";
  std::array<char, 4'096> answer{};
  int status = 0;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0 &&
      ::recv(fd, answer.data(), answer.size() - 1, 0) > 12) {
    status = std::atoi(answer.data() + 9);
  }
  ::close(fd);
  return status;
}

}  // namespace

std::string built_program(const std::string& name) {
  const auto path = std::string(VIPPY_BINARY_DIR "/") + name;
  if (::access(path.c_str(), X_OK) != 0) throw std::runtime_error(path + " is not built");
  return path;
}

int connect_unix(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket.c_str(), sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kAnswerPatience, sizeof kAnswerPatience);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

std::optional<std::string> http_get(const std::string& socket, const std::string& target) {
  const int fd = connect_unix(socket);
  if (fd < 0) return std::nullopt;
  const auto request = "GET " + target + " HTTP/1.1\r\nHost: lab\r\n\r\n";
  std::optional<std::string> body;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    std::string answer;
    std::array<char, 65'536> buffer{};
    while (!body) {
      const auto count = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (count <= 0) break;
      answer.append(buffer.data(), static_cast<std::size_t>(count));
      body = body_of(answer);
    }
  }
  ::close(fd);
  return body;
}

VippydProcess::VippydProcess(const NetSpace& space, std::string name, std::string loop)
    : NodeProcess(space, std::move(name)), loop_(std::move(loop)), socket_(file(".sock")) {}

void VippydProcess::write_config(Json config) {
  if (!config.contains("management")) config["management"] = socket();
  socket_ = config["management"];
  write_text(config.dump(1));
}

void VippydProcess::write_text(const std::string& text) {
  write_file(config_file(), text);
  ::chmod(config_file().c_str(), 0600);
}

void VippydProcess::start() {
  run({built_program("vippyd"), "--loop", loop_, "-n", name(), "-c", config_file()});
}

std::optional<Json> VippydProcess::status() const {
  const auto body = http_get(socket_, "/status");
  if (!body) return std::nullopt;
  return Json::parse(*body);
}

Json VippydProcess::must_status() const {
  std::optional<Json> answer;
  wait_until(name() + " answers on " + socket_, [&] {
    answer = status();
    return answer.has_value();
  });
  return *answer;
}

std::string VippydProcess::ctl(const std::string& command) const {
  return run_program({built_program("vippyctl"), "-s", socket_, command}).output;
}

void VippydProcess::order(const std::string& what) const {
  const int status = post(socket_, "/" + what);
  if (status < 200 || status > 299) {
    throw std::runtime_error("POST /" + what + ": " + std::to_string(status));
  }
}

}  // namespace vippy::lab
