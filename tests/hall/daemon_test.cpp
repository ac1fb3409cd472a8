#include "daemon.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "core/wire1.h"
#include "packet/arp.h"
#include "tests/core/talking_nodes.h"
#include "tests/hall/fake_guard.h"
#include "tests/hall/fake_platform.h"

namespace vippy::hall {
namespace {

using namespace std::chrono_literals;

std::vector<std::uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

class DaemonTest : public testing::Test {
 protected:
  struct Sink final : LogSink {
    explicit Sink(std::vector<std::string>& lines) : lines_(lines) {}
    void write(core::Priority priority, std::string_view message) override {
      lines_.push_back(std::string(core::kPriorityNames[static_cast<std::size_t>(priority)]) +
                       " " + std::string(message));
    }
    std::vector<std::string>& lines_;
  };

  explicit DaemonTest(bool watches_file = false) {
    Outside outside;
    outside.read_config = [this] { return reading; };
    outside.config_name = "/etc/vippy.conf";
    if (watches_file) outside.look_at_config = [this] { return file; };
    outside.open_log = [this](const core::Logging&) { return std::make_unique<Sink>(lines); };
    outside.http_date = [] { return std::string("Thu, 01 Jan 1970 00:00:00 GMT"); };
    outside.make_guard = [this] {
      return std::make_unique<GuardLink>(std::make_unique<FakeGuard>(memory, guard));
    };
    daemon = std::make_unique<Daemon>(platform, "a", std::move(outside));
  }

  void tables() {
    using platform::Table;
    platform.events.emplace_back(platform::TableBegin{Table::links});
    platform.events.emplace_back(
        platform::LinkChanged{2, "eth0", core::Mac{{2, 0, 0, 0, 0, 1}}, true, true, true, false});
    platform.events.emplace_back(platform::TableComplete{Table::links});
    platform.events.emplace_back(platform::TableBegin{Table::addresses});
    platform.events.emplace_back(platform::TableComplete{Table::addresses});
    platform.events.emplace_back(platform::TableBegin{Table::neighbours});
    platform.events.emplace_back(platform::NeighbourChanged{
        2, *core::parse_ip("10.0.0.7"), core::Mac{{2, 0, 0, 0, 0, 7}}, true});
    platform.events.emplace_back(platform::TableComplete{Table::neighbours});
  }
  void serve() {
    daemon->start(config);
    tables();
    turn();
    platform.time += 1s;
    turn();
    turn();
  }
  std::optional<int> turn() { return daemon->turn(); }
  void reload() {
    platform.events.emplace_back(platform::SignalCaught{platform::Signal::reload, 1});
    turn();
    turn();  // it was read
  }
  std::size_t lines_with(const std::string& part) const {
    const auto has_part = [&](const auto& line) { return line.find(part) != std::string::npos; };
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), has_part));
  }
  bool has_line(const std::string& part) const { return lines_with(part) > 0; }

  // What the guard would remove.
  std::vector<core::Prefix> on_board() {
    std::vector<core::Prefix> out;
    for (const auto& slot : find_board(memory)->held) {
      if (const auto held = slot.get()) out.push_back(held->prefix);
    }
    return out;
  }

  FakePlatform platform;
  GuardState guard;
  std::vector<std::byte> memory = std::vector<std::byte>(sizeof(Board));
  core::Config config = core::small_config(4, {"a"}, {{"", "10.0.0.9/24"}});
  core::ConfigReading reading;
  ConfigLook file;
  std::vector<std::string> lines;
  std::unique_ptr<Daemon> daemon;
};

TEST_F(DaemonTest, EventsBecomeActionsFromTheStartToTheAnnouncedAddress) {
  serve();
  EXPECT_EQ(platform.asked, (std::vector<std::string>{"management", "chat", "injector", "add"}));
  ASSERT_FALSE(platform.datagrams.empty());
  const auto said = core::decode_announcement(platform.datagrams.back());
  ASSERT_TRUE(said);
  EXPECT_TRUE(said->is_active);
  EXPECT_EQ(said->neighbours.size(), 1U);
  ASSERT_GE(platform.frames.size(), 2U);
  const auto arp = packet::decode_arp(platform.frames.front());
  ASSERT_TRUE(arp);
  EXPECT_EQ(core::format(arp->sender_ip), "10.0.0.9");
  EXPECT_TRUE(has_line("notice 10.0.0.9 is up on eth0"));
}

TEST_F(DaemonTest, StatusIsServedOverTheManagementSocket) {
  serve();
  const auto request = bytes_of("GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
  platform.events.emplace_back(platform::StreamOpened{5, 0});
  platform.events.emplace_back(platform::StreamBytes{5, request});
  turn();
  EXPECT_EQ(platform.replied.rfind("HTTP/1.1 200", 0), 0U) << platform.replied;
  const auto body =
      test::json::parse(platform.replied.substr(platform.replied.find("\r\n\r\n") + 4));
  EXPECT_EQ(body.at("identity"), "a");
  EXPECT_EQ(daemon->status().platform, "fake");
  EXPECT_EQ(daemon->status().injector, "packet");
  EXPECT_GE(daemon->status().counters.frames_sent, platform.frames.size());
}

TEST_F(DaemonTest, ADrainIsTakenFromTheManagementSocketAndCarriedOut) {
  serve();
  const auto drain =
      bytes_of("POST /drain HTTP/1.1\r\nContent-Length: 12\r\n\r\n{\"node\":\"a\"}");
  platform.events.emplace_back(platform::StreamOpened{5, 0});
  platform.events.emplace_back(platform::StreamBytes{5, drain});
  turn();
  EXPECT_EQ(platform.replied.rfind("HTTP/1.1 202 Accepted", 0), 0U) << platform.replied;
  const std::string taken = R"({"asked":"drain","node":"a","failback":"immediate","protocol":"1"})";
  EXPECT_TRUE(platform.replied.ends_with(taken)) << platform.replied;
  EXPECT_TRUE(daemon->status().is_draining);
  EXPECT_TRUE(has_line("notice a is drained: the others take over"));
  const auto undrain = bytes_of("POST /undrain HTTP/1.1\r\n\r\n");
  platform.events.emplace_back(platform::StreamBytes{5, undrain});
  turn();
  EXPECT_FALSE(daemon->status().is_draining);
}

TEST_F(DaemonTest, AnOrderForAStrangerIsRefusedAndChangesNothing) {
  serve();
  const auto drain =
      bytes_of("POST /drain HTTP/1.1\r\nContent-Length: 12\r\n\r\n{\"node\":\"z\"}");
  platform.events.emplace_back(platform::StreamOpened{5, 0});
  platform.events.emplace_back(platform::StreamBytes{5, drain});
  turn();
  EXPECT_EQ(platform.replied.rfind("HTTP/1.1 404", 0), 0U) << platform.replied;
  EXPECT_TRUE(platform.replied.ends_with(
      R"({"error":"z is not one of the nodes; they are a"})")) << platform.replied;
  EXPECT_FALSE(daemon->status().is_draining);
}

TEST_F(DaemonTest, APeerThatSaysWhatItSaidBeforeCostsOneLookAtTheSockets) {
  config = core::talking_config(4, {"a", "b"}, {{"a", "10.0.0.9/24"}});
  daemon->start(config);
  tables();
  turn();
  HeardPeer peer(platform, config);
  for (int i = 0; i < 500; ++i) {
    platform.time += 1ms;
    peer.exchange();
    turn();
  }
  ASSERT_TRUE(daemon->node().status(platform.time).is_active);
  for (int quiet = 0; quiet < 3;) {
    platform.time += 1ms;
    peer.exchange();
    if (platform.events.empty() || daemon->node().next_deadline() <= platform.time) {
      turn();
      continue;
    }
    const auto before = std::exchange(platform.waits, 0);
    ASSERT_LT(before, 10'000U) << "the peer never spoke between our own deadlines";
    turn();
    EXPECT_EQ(platform.waits, 1U);
    ++quiet;
  }
}

TEST_F(DaemonTest, ABadDatagramIsCounted) {
  serve();
  const auto bytes = bytes_of("{");
  platform.events.emplace_back(
      platform::Datagram{bytes, *core::parse_ip("10.0.0.3"), 5007, 2, platform.time});
  turn();
  EXPECT_EQ(daemon->status().counters.ignored_malformed, 1U);
}

TEST_F(DaemonTest, AReloadOfABadFileLogsEveryProblemAndChangesNothing) {
  serve();
  reading = core::read_config("{\"vips\": 3, \"nodes\": 4}");
  ASSERT_FALSE(reading.config);
  lines.clear();
  reload();
  for (const auto& problem : reading.problems) EXPECT_EQ(lines_with(core::format(problem)), 1U);
  EXPECT_TRUE(has_line("configuration refused, the old one stays"));
  EXPECT_EQ(daemon->status().shared->version, 4U);
}

TEST_F(DaemonTest, AReloadIsReadBesideTheLoopWhichGoesOn) {
  serve();
  platform.is_slow = true;
  config = core::small_config(5, {"a"}, {{"", "10.0.0.9/24"}, {"", "10.0.0.8/24"}});
  reading.config = config;
  for (int i = 0; i < 3; ++i) reload();
  ASSERT_EQ(platform.works.size(), 1U);  // one at a time
  const auto said = platform.datagrams.size();
  platform.time += config.interval;
  turn();
  EXPECT_GT(platform.datagrams.size(), said);
  EXPECT_EQ(daemon->status().shared->version, 4U);
  platform.finish_work();
  turn();
  // It may have changed since it was read.
  ASSERT_EQ(platform.works.size(), 1U);
  EXPECT_EQ(daemon->status().shared->version, 4U);
  platform.finish_work();
  turn();
  EXPECT_TRUE(platform.works.empty());
  EXPECT_EQ(daemon->status().shared->version, 5U);
}

TEST_F(DaemonTest, AReloadOfAMissingFileSaysSoOnce) {
  serve();
  reading.problems = {{.text = "/etc/vippy.conf: ENOENT: there is no such file"}};
  lines.clear();
  reload();
  EXPECT_EQ(lines_with("ENOENT"), 1U);
  EXPECT_TRUE(has_line("configuration refused, the old one stays: "));
}

TEST_F(DaemonTest, AReloadOfAGoodFileSaysEachOfItsWarningsOnceWhereTheUsualMaskShowsThem) {
  serve();
  reading.config = config;
  reading.problems = {{core::Severity::warning, 3, 5, "x", "is risky"}};
  lines.clear();
  for (int i = 0; i < 2; ++i) {
    reload();
  }
  EXPECT_EQ(lines_with("err /etc/vippy.conf:3:5: warning: x: is risky"), 1U);
  EXPECT_EQ(lines_with("configuration read again, version 4"), 2U);
  reading.problems.push_back({core::Severity::warning, 4, 5, "y", "is risky"});
  reload();
  EXPECT_EQ(lines_with("err /etc/vippy.conf:3:5: warning: x: is risky"), 1U);
  EXPECT_EQ(lines_with("err /etc/vippy.conf:4:5: warning: y: is risky"), 1U);
}

class DaemonWithAFileTest : public DaemonTest {
 protected:
  DaemonWithAFileTest() : DaemonTest(true) {
    config.text_digest = file.digest = 7;
    guard.fitness = platform::Fitness{};
  }
  // What is answered in this turn to who asks for the status.
  std::string ask() {
    platform.replied.clear();
    platform.events.emplace_back(platform::StreamOpened{++stream_, 0});
    platform.events.emplace_back(platform::StreamBytes{stream_, request_});
    turn();
    return platform.replied;
  }
  std::string ask_and_wait() {
    EXPECT_EQ(ask(), "");
    turn();
    return platform.replied;
  }
  static bool has(const std::string& answer, const std::string& part) {
    return answer.find("HTTP/1.1 200") == 0 && answer.find(part) != std::string::npos;
  }

 private:
  std::vector<std::uint8_t> request_ = bytes_of("GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
  platform::StreamId stream_ = 0;
};

TEST_F(DaemonWithAFileTest, AFileThatIsNotWhatRunsIsATroubleForWhoAsksOnce) {
  serve();
  EXPECT_FALSE(has(ask_and_wait(), "not what runs"));
  EXPECT_TRUE(daemon->status().troubles.empty());
  file = {8, 7s};
  EXPECT_TRUE(has(ask_and_wait(), "not what runs"));
  platform.time += 2s;
  turn();
  ASSERT_EQ(daemon->status().troubles.size(), 1U);
  const auto trouble = daemon->status().troubles[0];
  EXPECT_EQ(trouble.text, "/etc/vippy.conf is not what runs: it was changed and not reloaded yet, "
                          "or refused (`vippyd --check` and the log say why)");
  EXPECT_EQ(trouble.since, 9s);
  reading.config = config;
  reading.config->text_digest = 8;
  reload();
  EXPECT_TRUE(daemon->status().troubles.empty()) << "what was seen before the reload is no news";
}

TEST_F(DaemonWithAFileTest, AFileSystemThatDoesNotAnswerKeepsNobody) {
  serve();
  file.digest = 8;
  EXPECT_TRUE(has(ask_and_wait(), "not what runs"));
  platform.is_slow = true;
  const auto asked_at = platform.time;
  EXPECT_EQ(ask(), "");
  EXPECT_EQ(ask(), "");
  EXPECT_LE(daemon->next_deadline(), asked_at + ConfigNews::kPatience);
  platform.replied.clear();
  platform.time = asked_at + ConfigNews::kPatience;
  turn();
  EXPECT_TRUE(has(platform.replied, "not what runs")) << "as it was seen last";
  EXPECT_TRUE(has(ask(), "not what runs")) << "at once";
  EXPECT_EQ(platform.works.size(), 1U) << "one look at a time";
  platform.time = asked_at + ConfigNews::kHangs;
  EXPECT_TRUE(has(ask(), "its file system does not answer"));
  platform.finish_work();
  turn();
  EXPECT_EQ(daemon->status().troubles.size(), 1U);
}

TEST_F(DaemonTest, WhatTheSystemRefusesReachesTheCoreAndIsTriedAgain) {
  platform.refuses = ENOBUFS;
  serve();
  EXPECT_EQ(daemon->status().counters.requests_failed, 1U);
  EXPECT_TRUE(has_line("10.0.0.9 cannot be added to eth0"));
  platform.refuses = 0;
  platform.time += 100ms;
  turn();
  turn();
  EXPECT_TRUE(has_line("10.0.0.9 is up on eth0"));
}

TEST_F(DaemonTest, FewLinesAreWrittenWhileAddressesAreOnTheirWayAndAllInTheEnd) {
  std::vector<std::pair<std::string, std::string>> groups;
  for (int i = 1; i <= 200; ++i) groups.emplace_back("", "10.0.0." + std::to_string(i) + "/24");
  config = core::small_config(4, {"a"}, groups);
  platform.is_slow = true;
  serve();
  ASSERT_FALSE(platform.on_their_way.empty());
  EXPECT_TRUE(has_line("started as a"));
  EXPECT_FALSE(has_line("group 10.0.0.200 moves from _ to a"));
  EXPECT_EQ(daemon->next_deadline(), platform.time + 1ms);
  platform.is_slow = false;
  platform.events = std::exchange(platform.on_their_way, {});
  turn();
  const auto at_once = lines.size();
  for (int i = 0; i < 5; ++i) turn();
  EXPECT_LE(lines.size(), at_once + 64) << "the rest waits: others want the processor, too";
  for (int i = 0; i < 20; ++i) {
    platform.time += 1ms;
    turn();
  }
  EXPECT_TRUE(has_line("group 10.0.0.200 moves from _ to a"));
  EXPECT_TRUE(has_line("10.0.0.200 is up on eth0"));
}

TEST_F(DaemonTest, StopRemovesTheAddressAndEndsWithItsExitCode) {
  serve();
  platform.events.emplace_back(platform::SignalCaught{platform::Signal::stop, 15});
  std::optional<int> code;
  for (int i = 0; i < 5 && !code; ++i) code = turn();
  EXPECT_EQ(code, 0);
  EXPECT_EQ(platform.asked.back(), "remove");
  EXPECT_FALSE(core::decode_announcement(platform.datagrams.back())->is_active);
}

TEST_F(DaemonTest, WhatIsInTheKernelWithOurMarkIsOnTheGuardsBoard) {
  const auto leftover = *core::parse_prefix("10.0.0.9/24");
  const auto foreign = *core::parse_prefix("10.0.0.1/24");
  daemon->start(config);
  tables();
  platform.events.insert(platform.events.begin() + 4,
                         {platform::AddressChanged{2, leftover, true, true},
                          platform::AddressChanged{2, foreign, true, false}});
  turn();
  // Nobody has asked the kernel for it: the run before did, and this daemon may hang as well.
  EXPECT_EQ(on_board(), std::vector{leftover});
  platform.events.emplace_back(platform::AddressChanged{2, leftover, false, true});
  platform.events.emplace_back(platform::AddressChanged{2, foreign, false, false});
  turn();
  EXPECT_TRUE(on_board().empty());
}

TEST_F(DaemonTest, NoticesOfThePlatformAreLogged) {
  daemon->start(config);
  platform.events.emplace_back(platform::Notice{true, "io_uring refused"});
  turn();
  EXPECT_TRUE(has_line("err io_uring refused"));
}

std::vector<std::uint8_t> claim_of(const char* address, std::uint8_t number) {
  std::vector<std::uint8_t> frame(packet::kArpFrameBytes);
  const core::Mac mac{{2, 0, 0, 0, 0, number}};
  packet::encode(packet::arp_announcement(core::parse_ip(address)->v4(), mac), frame);
  return frame;
}

TEST_F(DaemonTest, FramesOfNeighboursReachTheCoreAndGarbageIsCounted) {
  serve();
  EXPECT_EQ(platform.listens, (std::vector<std::pair<platform::InterfaceIndex, bool>>{{2, true}}));
  const auto claim = claim_of("10.0.0.9", 0x66);
  const auto garbage = bytes_of("no frame");
  const auto frames = platform.frames.size();
  platform.events.emplace_back(platform::FrameHeard{2, claim, platform.time});
  platform.events.emplace_back(platform::FrameHeard{2, garbage, platform.time});
  turn();
  EXPECT_TRUE(has_line("crit 10.0.0.9 is claimed by 02:00:00:00:00:66 on eth0"));
  EXPECT_EQ(platform.frames.size(), frames + 2);
  EXPECT_EQ(daemon->status().counters.conflicts, 1U);
  EXPECT_EQ(daemon->status().counters.frames_heard, 1U);
  EXPECT_EQ(daemon->status().counters.frames_ignored, 1U);
}

TEST_F(DaemonTest, AStormOfFramesDoesNotKeepATurnFromItsEnd) {
  serve();
  platform.storm = claim_of("10.0.0.77", 0x66);
  platform.waits = 0;
  turn();
  EXPECT_LE(platform.waits, 3U);
}

TEST_F(DaemonTest, AFenceAfterWhichNothingWasLeftToRemoveIsNoFailedRemoval) {
  serve();
  auto& board = *find_board(memory);
  ASSERT_TRUE(raise_fence(board));
  turn();
  EXPECT_TRUE(has_line("and found no address to remove: "));
  EXPECT_FALSE(has_line("removed 0"));
  ASSERT_TRUE(raise_fence(board));
  board.removed = 2;
  turn();
  EXPECT_TRUE(has_line("this node leaves and removed 2 addresses"));
}

// What is queued would put back what the guard has removed: the next wait() sends it.
TEST_F(DaemonTest, AFencedDaemonWithdrawsWhatIsQueuedBeforeItWaits) {
  serve();
  ASSERT_EQ(platform.waits_before_withdrawal, std::nullopt);
  const auto waits = platform.waits;
  ASSERT_TRUE(raise_fence(*find_board(memory)));
  turn();
  EXPECT_EQ(platform.waits_before_withdrawal, waits);
}

TEST_F(DaemonTest, AGuardThatMayBeKilledForMemoryIsAWarningWithItsRemedy) {
  guard.fitness = platform::Fitness{.out_of_memory = EACCES};
  serve();
  EXPECT_TRUE(has_line("warning the guard may be killed when memory runs out"));
  EXPECT_TRUE(has_line("OOMScoreAdjust=-900"));
}

TEST_F(DaemonTest, AGuardThatCouldNotBeStartedIsTriedAgainAtAReload) {
  guard.program_error = ENOENT;
  guard.fitness = platform::Fitness{};
  serve();
  EXPECT_TRUE(has_line("err no guard: "));
  EXPECT_FALSE(has_line("guarded by process"));
  platform.time += 2s;
  turn();
  const auto is_listed = [this] {
    const auto troubles = daemon->status().troubles;
    return std::any_of(troubles.begin(), troubles.end(), [](const core::VipTrouble& trouble) {
      return trouble.text.starts_with("no guard runs: ") && trouble.since >= 2s;
    });
  };
  EXPECT_TRUE(is_listed());
  EXPECT_EQ(daemon->status().guard.value().process, std::nullopt);
  guard.program_error = 0;
  reading.config = config;
  reload();
  platform.time += 1s;
  turn();
  EXPECT_TRUE(has_line("notice guarded by process 1"));
  EXPECT_FALSE(is_listed());
  EXPECT_EQ(daemon->status().guard.value().process, 1);
  EXPECT_EQ(on_board(), std::vector{*core::parse_prefix("10.0.0.9/24")});
}

}  // namespace
}  // namespace vippy::hall
