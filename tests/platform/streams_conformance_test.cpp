// Management connections of platform.h on both loops.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <thread>
#include <vector>

#include "platform/linux/descriptor.h"
#include "platform/linux/stream_listener.h"
#include "platform/linux/streams.h"
#include "tests/platform/session.h"
#include "tests/support/netns.h"

namespace vippy::platform {
namespace {

class StreamsTest : public ::testing::TestWithParam<LoopChoice> {
 protected:
  support::Netns netns_ = support::Netns::fresh();
  support::TempDirectory directory_;
  std::string path_ = directory_.path() + "/vippy.sock";
};

sockaddr_un address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), out.sun_path);
  return out;
}

Descriptor connect_to(const std::string& path) {
  Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto address = address_of(path);
  if (::connect(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return {};
  }
  return out;
}

void say(const Descriptor& client, const std::string& text) {
  EXPECT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

// Reads what is there; "<end>" marks the end of the stream.
std::string hear(const Descriptor& client) {
  std::string out;
  std::array<char, 65536> buffer;
  for (;;) {
    const auto count = ::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0) return out;
    if (count == 0) return out + "<end>";
    out.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

bool exists(const std::string& path) {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0;
}

TEST_P(StreamsTest, AsksAndAnswers) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  const auto client = connect_to(path_);
  ASSERT_TRUE(client);
  say(client, "status");
  ASSERT_TRUE(session.until(
      [&] { return !session.streams.empty() && session.streams.begin()->second == "status"; }));
  const auto id = session.streams.begin()->first;
  EXPECT_EQ(session.uids[id], ::geteuid());
  session.reply(id, "fine");
  session.platform().perform(StreamClose{id});
  EXPECT_EQ(hear(client), "fine<end>");
  session.pump(core::Duration{});
  EXPECT_TRUE(session.closed.empty()) << "what the daemon closed is not told to it";
}

TEST_P(StreamsTest, TheEndOfThePeerIsTold) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  auto client = connect_to(path_);
  say(client, "bye");
  client.reset();
  ASSERT_TRUE(session.until([&] { return session.closed.size() == 1; }));
  EXPECT_EQ(session.streams.begin()->second, "bye");
}

TEST_P(StreamsTest, AClientThatEndsItsQuestionStillHearsTheAnswer) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  const auto client = connect_to(path_);
  say(client, "question");
  ::shutdown(client.get(), SHUT_WR);
  ASSERT_TRUE(session.until(
      [&] { return !session.streams.empty() && !session.streams.begin()->second.empty(); }));
  const std::string answer(1'000'000, 'a');
  session.reply(session.streams.begin()->first, answer);
  std::string heard;
  EXPECT_TRUE(session.until([&] {
    if (!heard.ends_with("<end>")) heard += hear(client);
    return heard == answer + "<end>";
  })) << heard.size();
  EXPECT_EQ(session.closed.size(), 1U);
}

TEST_P(StreamsTest, TheSocketHasItsModeAndGoesWithItsOwner) {
  for (const std::uint32_t mode : {0600U, 0660U, 0666U}) {
    {
      Session session(GetParam());
      ASSERT_EQ(session.outcome(session.open_management(path_, mode)), 0);
      struct stat file {};
      ASSERT_EQ(::lstat(path_.c_str(), &file), 0);
      EXPECT_EQ(file.st_mode & 0777U, mode);
      ASSERT_EQ(session.outcome(session.open_management(path_, 0600)), 0) << "ours already";
    }
    EXPECT_FALSE(exists(path_));
  }
}

TEST_P(StreamsTest, ALiveSocketIsRespectedAndADeadOneReplaced) {
  Session first(GetParam());
  ASSERT_EQ(first.outcome(first.open_management(path_)), 0);
  Session second(GetParam());
  EXPECT_EQ(second.outcome(second.open_management(path_)), EADDRINUSE);
  EXPECT_TRUE(connect_to(path_));
  const auto dead = directory_.path() + "/dead.sock";
  {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(dead);
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
              0);
  }
  EXPECT_EQ(second.outcome(second.open_management(dead)), 0);
  EXPECT_TRUE(connect_to(dead));
}

// Whoever may read the folder may lock it.
TEST(StreamListenerTest, AFolderThatSomebodyElseHasLockedHoldsNobodyUp) {
  support::TempDirectory directory;
  const Descriptor folder(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY));
  ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
  StreamListener listener;
  EXPECT_EQ(listener.open(directory.path() + "/vippy.sock", 0600), 0);
}

TEST(StreamListenerTest, OfStartersAtTheSameMomentOneHasTheSocketAndNoLockIsLeft) {
  support::TempDirectory directory;
  const auto path = directory.path() + "/vippy.sock";
  for (int round = 0; round < 50; ++round) {
    std::array<StreamListener, 8> listeners;
    std::array<int, 8> errors{};
    std::vector<std::thread> starters;
    std::atomic<int> missing = static_cast<int>(listeners.size());
    for (std::size_t i = 0; i < listeners.size(); ++i) {
      starters.emplace_back([&, i] {
        --missing;
        while (missing > 0) std::this_thread::yield();
        errors[i] = listeners[i].open(path + std::string(i % 2, 'x'), 0600);
      });
    }
    for (auto& starter : starters) starter.join();
    EXPECT_EQ(std::count(errors.begin(), errors.end(), 0), 2) << "one for each path";
    EXPECT_EQ(std::count(errors.begin(), errors.end(), EADDRINUSE), 6);
    EXPECT_TRUE(connect_to(path));
    EXPECT_FALSE(exists(path + ".lock"));
  }
}

TEST_P(StreamsTest, FilesAreNotReplacedAndBadPathsAreErrors) {
  Session session(GetParam());
  const auto file = directory_.path() + "/file";
  support::write_file(file, "precious");
  EXPECT_EQ(session.outcome(session.open_management(file)), ENOTSOCK);
  EXPECT_EQ(support::read_file(file), "precious");
  EXPECT_EQ(session.outcome(session.open_management(directory_.path() + "/no/such")), ENOENT);
  EXPECT_EQ(session.outcome(session.open_management("/" + std::string(200, 'x'))), ENAMETOOLONG);
  EXPECT_EQ(session.outcome(session.open_management("")), EINVAL);
  const auto longest = directory_.path() + "/" + std::string(106 - directory_.path().size(), 'x');
  EXPECT_EQ(session.outcome(session.open_management(longest)), 0);
}

TEST_P(StreamsTest, ALockFileOfSomebodyElseIsNamedAndStays) {
  const auto lock = path_ + ".lock";
  Session session(GetParam());
  support::write_file(lock, "");
  ASSERT_EQ(::chown(lock.c_str(), 65534, 65534), 0);
  EXPECT_EQ(session.outcome(session.open_management(path_)), EEXIST);
  EXPECT_TRUE(session.has_notice(lock + " is in the way"));
  EXPECT_TRUE(exists(lock));
  EXPECT_FALSE(exists(path_));
  ::unlink(lock.c_str());
  EXPECT_EQ(session.outcome(session.open_management(path_)), 0);
}

TEST_P(StreamsTest, ASocketThatSomebodyRemovedIsThereAgainWhenItIsOpenedOnceMore) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  ::unlink(path_.c_str());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  EXPECT_TRUE(exists(path_));
  const auto client = connect_to(path_);
  ASSERT_TRUE(client);
  say(client, "status");
  EXPECT_TRUE(session.until(
      [&] { return !session.streams.empty() && session.streams.begin()->second == "status"; }));
}

TEST_P(StreamsTest, SomebodyElsesFileAtOurPathStays) {
  {
    Session session(GetParam());
    ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
    ::unlink(path_.c_str());
    support::write_file(path_, "another's");
  }
  EXPECT_TRUE(exists(path_));
}

TEST_P(StreamsTest, AClientThatDoesNotReadIsCutOffAndHoldsNobody) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  const auto slow = connect_to(path_);
  const auto quick = connect_to(path_);
  say(slow, "slow");
  ASSERT_TRUE(session.until([&] { return session.streams.size() == 2; }));
  ASSERT_TRUE(session.until([&] { return session.streams.begin()->second == "slow"; }));
  const auto id = session.streams.begin()->first;
  const std::string chunk(1U << 20U, 'x');
  for (int i = 0; i < 20; ++i) session.reply(id, chunk);
  ASSERT_TRUE(session.until([&] { return session.closed.contains(id); }));
  EXPECT_TRUE(session.has_notice("does not read"));
  say(quick, "quick");
  EXPECT_TRUE(session.until([&] { return session.streams.rbegin()->second == "quick"; }));
}

TEST_P(StreamsTest, AFloodOfIdleConnectionsDoesNotLockOutTheOperator) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  std::vector<Descriptor> flood;
  for (std::size_t i = 0; i < 3 * kStreamsMax; ++i) {
    flood.push_back(connect_to(path_));
    session.pump(core::Duration{});
  }
  EXPECT_TRUE(session.until([&] { return session.streams.size() >= kStreamsMax; }));
  Descriptor client;
  ASSERT_TRUE(session.until([&] {
    session.pump(core::Duration{});
    client = connect_to(path_);
    return static_cast<bool>(client);
  }));
  say(client, "operator");
  EXPECT_TRUE(session.until([&] { return session.streams.rbegin()->second == "operator"; }));
  EXPECT_LE(session.streams.size() - session.closed.size(), kStreamsMax);
}

TEST_P(StreamsTest, RunningOutOfDescriptorsRefusesWithoutSpinning) {
  Session session(GetParam());
  ASSERT_EQ(session.outcome(session.open_management(path_)), 0);
  std::vector<Descriptor> clients;
  for (int i = 0; i < 3; ++i) clients.push_back(connect_to(path_));
  rlimit earlier{};
  ::getrlimit(RLIMIT_NOFILE, &earlier);
  const rlimit none{static_cast<rlim_t>(clients.back().get() + 1), earlier.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool is_said = session.until([&] { return session.has_notice("EMFILE"); });
  ::setrlimit(RLIMIT_NOFILE, &earlier);
  EXPECT_TRUE(is_said);
  const auto late = connect_to(path_);
  say(late, "again");
  EXPECT_TRUE(session.until(
      [&] { return !session.streams.empty() && session.streams.rbegin()->second == "again"; }));
}

INSTANTIATE_TEST_SUITE_P(Loops, StreamsTest,
                         ::testing::Values(LoopChoice::io_uring, LoopChoice::epoll),
                         [](const auto& one) { return loop_name(one.param); });

}  // namespace
}  // namespace vippy::platform
