#include "log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace vippy::hall {
namespace {

using core::Priority;

core::Logging everything() {
  core::Logging logging;
  logging.mask.fill(true);
  return logging;
}

// Two connected descriptors; the test reads from `in` without waiting.
struct Ends {
  int in = -1;
  int out = -1;

  static Ends pipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC), 0);
    ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
    return {fds[0], fds[1]};
  }
  static Ends socket() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
    ::fcntl(fds[0], F_SETFL, O_NONBLOCK);
    return {fds[0], fds[1]};
  }
  std::string read_all() const {
    std::string text;
    std::array<char, 4'096> buffer{};
    for (;;) {
      const auto count = ::read(in, buffer.data(), buffer.size());
      if (count <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }
  void close_reader() {
    ::close(in);
    in = -1;
  }
  Ends(int read_end, int write_end) : in(read_end), out(write_end) {}
  Ends(const Ends&) = delete;
  Ends& operator=(const Ends&) = delete;
  ~Ends() {
    if (in >= 0) ::close(in);
    ::close(out);
  }
};

TEST(LogTest, WritesDatePriorityProgramAndMessage) {
  const auto ends = Ends::pipe();
  auto sink = make_console_sink(everything(), "vippyd", ends.out);
  sink->write(Priority::crit, "old configuration");
  sink->flush();
  EXPECT_THAT(ends.read_all(),
              testing::MatchesRegex("\\[[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}"
                                    "\\.[0-9]{3}[+-][0-9]{4}\\] \\[crit\\] vippyd\\[" +
                                    std::to_string(::getpid()) + "\\] old configuration\n"));
}

TEST(LogTest, TheJournalGetsThePriorityAndNoStampOfOurs) {
  const auto ends = Ends::pipe();
  struct stat file {};
  ASSERT_EQ(::fstat(ends.out, &file), 0);
  const auto stream = std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
  ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
  make_console_sink(everything(), "vippyd", ends.out)->write(Priority::crit, "old configuration");
  EXPECT_EQ(ends.read_all(), "<2>old configuration\n");
  // Somebody else's stream: inherited, and standard output was sent elsewhere.
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  make_console_sink(everything(), "vippyd", ends.out)->write(Priority::crit, "old configuration");
  EXPECT_EQ(ends.read_all().front(), '[');
  ::unsetenv("JOURNAL_STREAM");
}

TEST(LogTest, LinesLeaveTogetherAndInOrder) {
  const auto ends = Ends::pipe();
  auto sink = make_console_sink(everything(), "vippyd", ends.out);
  const std::string message(1'500, 'x');
  sink->write(Priority::notice, message + "1");
  sink->write(Priority::notice, message + "2");
  EXPECT_EQ(ends.read_all(), "");
  sink->write(Priority::notice, message + "3");  // more than a pipe takes at once
  const auto first = ends.read_all();
  EXPECT_THAT(first, testing::MatchesRegex("[^\n]*x1\n[^\n]*x2\n"));
  EXPECT_LE(first.size(), kLogLineOctetsMax);
  sink.reset();
  EXPECT_THAT(ends.read_all(), testing::MatchesRegex("[^\n]*x3\n"));
}

TEST(LogTest, LeavesOutWhatTheMaskLeavesOut) {
  const auto ends = Ends::pipe();
  auto sink = make_console_sink(core::Logging{}, "vippyd", ends.out);
  sink->write(Priority::warning, "hidden");
  sink->write(Priority::debug, "hidden");
  sink->write(Priority::notice, "shown");
  sink->flush();
  const auto text = ends.read_all();
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find("shown"), std::string::npos);
  EXPECT_EQ(sink->dropped(), 0U);
}

TEST(LogTest, OneMessageIsOneLineHoweverItIsForged) {
  const auto ends = Ends::pipe();
  auto sink = make_console_sink(everything(), "vippyd", ends.out);
  sink->write(Priority::notice, "a\n[crit] b\x1b[31m");
  sink->write(Priority::notice, std::string(10'000, 'x'));
  sink->flush();
  const auto text = ends.read_all();
  EXPECT_NE(text.find("a\\x0a[crit] b\\x1b[31m\n"), std::string::npos);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(text.size() - text.find('\n') - 1, kLogLineOctetsMax);
}

void expect_drops_and_recovers(const Ends& ends) {
  auto sink = make_console_sink(everything(), "vippyd", ends.out);
  const std::string message(1'000, 'x');
  int lines = 0;
  while (sink->dropped() == 0 && lines < 10'000) {
    sink->write(Priority::notice, message);
    ++lines;
  }
  ASSERT_EQ(sink->dropped(), 1U);
  sink->write(Priority::notice, message);
  sink->write(Priority::notice, message);
  ends.read_all();
  sink->write(Priority::notice, "again");
  sink->flush();
  const auto text = ends.read_all();
  EXPECT_THAT(text, testing::HasSubstr("[warning] vippyd"));
  EXPECT_THAT(text, testing::HasSubstr("] 3 log lines before this one were dropped"));
  EXPECT_THAT(text, testing::HasSubstr("] again\n"));
  EXPECT_EQ(sink->dropped(), 3U);
  sink->write(Priority::notice, "quiet");
  sink->flush();
  EXPECT_THAT(ends.read_all(), testing::Not(testing::HasSubstr("dropped")));
}

TEST(LogTest, AFullPipeDropsAndSaysHowManyLater) { expect_drops_and_recovers(Ends::pipe()); }

TEST(LogTest, AFullSocketDropsAndSaysHowManyLater) { expect_drops_and_recovers(Ends::socket()); }

TEST(LogTest, ATerminalThatNobodyReadsHoldsNobodyUp) {
  const int reader = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  ASSERT_EQ(::grantpt(reader), 0);
  ASSERT_EQ(::unlockpt(reader), 0);
  const int terminal = ::open(::ptsname(reader), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ASSERT_GE(terminal, 0);
  const int own = without_waiting(terminal);
  EXPECT_NE(own, terminal);
  EXPECT_EQ(::fcntl(terminal, F_GETFL) & O_NONBLOCK, 0);
  auto sink = make_console_sink(everything(), "vippyd", own);
  for (int i = 0; i < 10'000 && sink->dropped() == 0; ++i) sink->write(Priority::notice, "line");
  EXPECT_GT(sink->dropped(), 0U);
  ::close(own);
  ::close(terminal);
  ::close(reader);
}

TEST(LogTest, AClosedReaderDoesNotKill) {
  for (const bool is_socket : {false, true}) {
    auto ends = is_socket ? Ends::socket() : Ends::pipe();
    auto sink = make_console_sink(everything(), "vippyd", ends.out);
    ends.close_reader();
    sink->write(Priority::notice, "nobody listens");
    sink->write(Priority::notice, "to this one neither");
    sink->flush();
    EXPECT_EQ(sink->dropped(), 2U);
    sink->write(Priority::notice, "nor to this one, which has those before it in front");
    sink->flush();
    EXPECT_EQ(sink->dropped(), 3U);
  }
  auto sink = make_console_sink(everything(), "vippyd", -1);
  sink->write(Priority::notice, "closed descriptor");
  EXPECT_EQ(sink->dropped(), 1U);
}

// A syslog socket in a folder of its own.
class Syslog {
 public:
  Syslog() {
    std::string name = testing::TempDir() + "vippy_log_XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  ~Syslog() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  Syslog(const Syslog&) = delete;
  Syslog& operator=(const Syslog&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/log"; }
  void start() {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ASSERT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  void stop() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    std::filesystem::remove(path());
  }
  [[nodiscard]] std::string receive() const {
    std::array<char, 8'192> buffer{};
    const auto count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return count < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(count));
  }

 private:
  std::string folder_;
  int fd_ = -1;
};

TEST(LogTest, SyslogLinesCarryFacilityAndPriority) {
  Syslog syslog;
  syslog.start();
  auto logging = everything();
  logging.facility = "local7";
  auto sink = make_datagram_sink(logging, "vippyd", syslog.path());
  sink->write(Priority::notice, "up");
  EXPECT_THAT(syslog.receive(),
              testing::MatchesRegex("<189>[A-Z][a-z]{2} [ 123][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} "
                                    "vippyd\\[[0-9]+\\]: up"));
}

TEST(LogTest, SyslogIsFoundAgainAfterItsRestart) {
  Syslog syslog;
  auto sink = make_datagram_sink(everything(), "vippyd", syslog.path());
  sink->write(Priority::notice, "too early");
  EXPECT_EQ(sink->dropped(), 1U);
  syslog.start();
  sink->write(Priority::notice, "one");
  EXPECT_THAT(syslog.receive(), testing::HasSubstr("1 log lines before"));
  EXPECT_THAT(syslog.receive(), testing::HasSubstr(": one"));
  syslog.stop();
  syslog.start();
  sink->write(Priority::notice, "two");
  EXPECT_THAT(syslog.receive(), testing::HasSubstr(": two"));
  EXPECT_EQ(sink->dropped(), 1U);
}

TEST(LogTest, AFullSyslogDropsWithoutWaiting) {
  Syslog syslog;
  syslog.start();
  auto sink = make_datagram_sink(everything(), "vippyd", syslog.path());
  for (int i = 0; i < 10'000 && sink->dropped() == 0; ++i) sink->write(Priority::notice, "x");
  EXPECT_EQ(sink->dropped(), 1U);
}

TEST(LogTest, FacilitiesHaveTheNumbersOfTheSystem) {
  EXPECT_EQ(facility_number("kern") << 3, LOG_KERN);
  EXPECT_EQ(facility_number("daemon") << 3, LOG_DAEMON);
  EXPECT_EQ(facility_number("cron") << 3, LOG_CRON);
  EXPECT_EQ(facility_number("authpriv") << 3, LOG_AUTHPRIV);
  EXPECT_EQ(facility_number("ftp") << 3, LOG_FTP);
  EXPECT_EQ(facility_number("local0") << 3, LOG_LOCAL0);
  EXPECT_EQ(facility_number("local7") << 3, LOG_LOCAL7);
}

TEST(LogTest, MakesTheSinkThatTheConfigurationAsksFor) {
  auto logging = everything();
  EXPECT_NE(make_log_sink(logging), nullptr);
  logging.driver = core::LogDriver::syslog;
  EXPECT_NE(make_log_sink(logging), nullptr);
}

}  // namespace
}  // namespace vippy::hall
