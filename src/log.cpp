#include "log.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "platform/refused_writes.h"

namespace vippy::hall {

namespace {

constexpr const char* kSyslogSocket = "/dev/log";

std::string_view name_of(core::Priority priority) {
  return core::kPriorityNames[static_cast<std::size_t>(priority)];
}

std::string plain(std::string_view message) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(message.size());
  for (const char c : message) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet >= 0x20 && octet != 0x7f) {
      text += c;
    } else {
      text += "\\x";
      text += kHex[octet >> 4U];
      text += kHex[octet & 15U];
    }
  }
  return text;
}

// Local time as text, put together anew once a second: a line must cost less than what it is about.
class Stamp {
 public:
  // `format` as strftime's; milliseconds are put where it says "%%%", which only one place may.
  explicit Stamp(const char* format) : format_(format) {}

  [[nodiscard]] const std::string& now() {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second_ || text_.empty()) renew(now.tv_sec);
    if (mark_ != std::string::npos) {
      const auto digits = std::to_string(1'000 + now.tv_nsec / 1'000'000);
      text_.replace(mark_, 3, digits, 1, 3);
    }
    return text_;
  }

 private:
  void renew(time_t second) {
    tm local{};
    ::localtime_r(&second, &local);
    std::array<char, 64> buffer{};
    text_.assign(buffer.data(), ::strftime(buffer.data(), buffer.size(), format_, &local));
    mark_ = text_.find("%%%");
    second_ = second;
  }

  const char* format_;
  std::string text_;
  std::size_t mark_ = std::string::npos;
  time_t second_ = 0;
};

// Masks, counts what was lost, and says so with the next line that gets through.
class CountingSink : public LogSink {
 public:
  CountingSink(const core::Logging& logging, std::string_view program)
      : mask_(logging.mask),
        tag_(std::string(program) + '[' + std::to_string(::getpid()) + ']') {}

  void write(core::Priority priority, std::string_view message) final {
    if (!mask_[static_cast<std::size_t>(priority)]) return;
    if (unsaid_ > 0 && deliver(core::Priority::warning, std::to_string(unsaid_) + kLost)) {
      saying_ = std::exchange(unsaid_, 0);
    }
    if (unsaid_ == 0 && deliver(priority, plain(message))) return;
    lose(1);
  }

  [[nodiscard]] std::uint64_t dropped() const final { return dropped_; }

 protected:
  // False when the line was lost.
  virtual bool deliver(core::Priority priority, const std::string& message) = 0;

  [[nodiscard]] const std::string& tag() const { return tag_; }

  // Of the lines that deliver() took, these got nowhere; that of those before them, too.
  void lose_delivered(std::size_t lines) {
    if (saying_ > 0) --lines;
    unsaid_ += std::exchange(saying_, 0);
    lose(lines);
  }
  void got_through() { saying_ = 0; }

 private:
  static constexpr const char* kLost = " log lines before this one were dropped: nobody read them";

  void lose(std::size_t lines) {
    unsaid_ += lines;
    dropped_ += lines;
  }

  std::array<bool, core::kPriorities> mask_;
  std::string tag_;
  std::uint64_t unsaid_ = 0;
  std::uint64_t saying_ = 0;  // lost lines that a delivered one tells of
  std::uint64_t dropped_ = 0;
};

// Is the descriptor the stream that systemd made for the journal? systemd.exec(5), JOURNAL_STREAM.
bool is_journal(int fd) {
  const char* stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(fd, &file) != 0) return false;
  return std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino) == stream;
}

bool is_socket(int fd) {
  struct stat file {};
  return ::fstat(fd, &file) == 0 && S_ISSOCK(file.st_mode);
}

// Lines leave together, as many as a pipe takes at once.
class ConsoleSink final : public CountingSink {
 public:
  ConsoleSink(const core::Logging& logging, std::string_view program, int fd)
      : CountingSink(logging, program),
        fd_(fd),
        is_journal_(is_journal(fd)),
        is_socket_(is_socket(fd)) {}
  ~ConsoleSink() override { send_batch(); }

  void flush() override { send_batch(); }

 private:
  bool deliver(core::Priority priority, const std::string& message) override {
    auto line = beginning(priority) + message;
    if (line.size() >= kLogLineOctetsMax) line.resize(kLogLineOctetsMax - 1);
    line += '\n';
    if (batch_.size() + line.size() > kLogLineOctetsMax) send_batch();
    if (batch_.empty() && !(finish_line() && is_writable())) return false;
    batch_ += line;
    return true;
  }

  void send_batch() {
    if (batch_.empty()) return;
    const auto written = put(batch_);
    if (written == 0) {
      lose_delivered(static_cast<std::size_t>(std::count(batch_.begin(), batch_.end(), '\n')));
    } else {
      got_through();
      rest_ = batch_.substr(written);
    }
    batch_.clear();
  }

  // The journal stamps its lines itself and reads the priority from the front: sd-daemon(3).
  [[nodiscard]] std::string beginning(core::Priority priority) {
    if (is_journal_) return '<' + std::to_string(static_cast<int>(priority)) + '>';
    return '[' + stamp_.now() + "] [" + std::string(name_of(priority)) + "] " + tag() + ' ';
  }

  // What went out by half: the next line must not begin in its middle.
  bool finish_line() {
    if (!rest_.empty()) rest_.erase(0, put(rest_));
    return rest_.empty();
  }

  // The octets that were taken, without waiting. O_NONBLOCK is not set: the descriptor is often
  // shared with a shell. A pipe that polls writable takes PIPE_BUF octets at once.
  [[nodiscard]] std::size_t put(std::string_view text) const {
    ssize_t count = -1;
    if (is_socket_) {
      count = ::send(fd_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      if (!is_writable()) return 0;
      count = ::write(fd_, text.data(), text.size());
    }
    return count < 0 ? 0 : static_cast<std::size_t>(count);
  }

  [[nodiscard]] bool is_writable() const {
    pollfd ready{fd_, POLLOUT, 0};
    return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0;
  }

  int fd_;
  bool is_journal_;
  bool is_socket_;
  Stamp stamp_{"%Y-%m-%dT%H:%M:%S.%%%%%%%z"};
  std::string batch_;  // whole lines, at most kLogLineOctetsMax octets
  std::string rest_;
};

class DatagramSink final : public CountingSink {
 public:
  DatagramSink(const core::Logging& logging, std::string_view program, std::string path)
      : CountingSink(logging, program),
        path_(std::move(path)),
        facility_(facility_number(logging.facility)) {}
  ~DatagramSink() override { disconnect(); }

 private:
  bool connect() {
    if (fd_ >= 0) return true;
    sockaddr_un address{};
    if (path_.size() >= sizeof(address.sun_path)) return false;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    if (fd_ >= 0 && ::connect(fd_, generic, sizeof(address)) == 0) return true;
    disconnect();
    return false;
  }

  bool deliver(core::Priority priority, const std::string& message) override {
    const auto number = facility_ * 8 + static_cast<int>(priority);
    std::string line = '<' + std::to_string(number) + '>' + stamp_.now() + tag() + ": ";
    line += message;
    line.resize(std::min(line.size(), kLogLineOctetsMax));
    if (!connect()) return false;
    if (send(line)) return true;
    // A full queue is not helped by a new connection; a restarted syslog is.
    if (errno == EAGAIN || errno == ENOBUFS) return false;
    disconnect();
    return connect() && send(line);
  }

  [[nodiscard]] bool send(const std::string& line) const {
    return ::send(fd_, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
  }

  void disconnect() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  std::string path_;
  int facility_;
  Stamp stamp_{"%b %e %H:%M:%S "};
  int fd_ = -1;
};

// For systems whose syslog is no Unix socket: the C library knows the way (and may wait).
class LibrarySink final : public CountingSink {
 public:
  LibrarySink(const core::Logging& logging, std::string_view program)
      : CountingSink(logging, program), program_(program) {
    ::openlog(program_.c_str(), LOG_PID | LOG_NDELAY, facility_number(logging.facility) << 3);
  }
  ~LibrarySink() override { ::closelog(); }

 private:
  bool deliver(core::Priority priority, const std::string& message) override {
    ::syslog(static_cast<int>(priority), "%s", message.c_str());
    return true;
  }

  std::string program_;  // openlog keeps the pointer
};

std::unique_ptr<LogSink> make_syslog_sink(const core::Logging& logging, std::string_view program) {
  // Present and no socket: a STREAMS device. Absent: perhaps not started yet, tried for each line.
  struct stat status {};
  if (::stat(kSyslogSocket, &status) != 0 || S_ISSOCK(status.st_mode)) {
    return make_datagram_sink(logging, program, kSyslogSocket);
  }
  return std::make_unique<LibrarySink>(logging, program);
}

}  // namespace

int facility_number(std::string_view name) {
  constexpr int kNumbersBeforeLocal = 12;  // 12 to 15 have no name of their own
  const auto& names = core::kFacilityNames;
  const auto index = static_cast<int>(std::find(names.begin(), names.end(), name) - names.begin());
  return index < kNumbersBeforeLocal ? index : index + 4;
}

std::unique_ptr<LogSink> make_console_sink(const core::Logging& logging, std::string_view program,
                                           int fd) {
  platform::ignore_refused_writes();
  return std::make_unique<ConsoleSink>(logging, program, fd);
}

int without_waiting(int fd) {
  if (::isatty(fd) != 1) return fd;
  // Opened anew: O_NONBLOCK on `fd` itself would be set for the shell as well.
  const auto path = "/dev/fd/" + std::to_string(fd);
  const int own = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return own >= 0 ? own : fd;
}

std::unique_ptr<LogSink> make_datagram_sink(const core::Logging& logging, std::string_view program,
                                            std::string path) {
  return std::make_unique<DatagramSink>(logging, program, std::move(path));
}

std::unique_ptr<LogSink> make_log_sink(const core::Logging& logging, std::string_view program) {
  // Once: after a reload there may be no privilege left to open somebody's terminal.
  static const int console = without_waiting(STDOUT_FILENO);
  platform::ignore_refused_writes();
  switch (logging.driver) {
    case core::LogDriver::console: return make_console_sink(logging, program, console);
    case core::LogDriver::syslog: return make_syslog_sink(logging, program);
  }
  return make_console_sink(logging, program, console);
}

}  // namespace vippy::hall
