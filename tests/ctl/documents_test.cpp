// What docs/management.md and the man page show is what the program does.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ctl/render_json.h"
#include "ctl/render_text.h"
#include "ctl/render_why.h"
#include "ctl/server.h"
#include "tests/ctl/golden_status.h"

namespace vippy::ctl {
namespace {

std::string file_text(const char* name) {
  std::ifstream file(std::string(VIPPY_SOURCE_DIR "/docs/") + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The fenced block that begins with this text, from there on.
std::string block(const std::string& document, const std::string& beginning) {
  const auto fence = document.find("\n" + beginning);
  if (fence == std::string::npos) return "no block begins with " + beginning;
  const auto end = document.find("\n```", fence + 1);
  return document.substr(fence + 1, end - fence);
}

core::Status example() {
  auto shared = std::make_shared<core::Shared>();
  const auto vip = [](const char* text, std::uint8_t length) {
    return core::Vip{"eth0", text, *core::parse_ip(text), length, std::nullopt};
  };
  shared->version = 1;
  shared->nodes = {"n1", "n2"};
  shared->groups = {{"n1", {vip("10.77.1.1", 16)}}, {std::nullopt, {vip("fd77::9", 64)}}};
  core::Status status;
  status.identity = "n1";
  status.shared = shared;
  auto& counters = status.counters;
  counters.announcements_sent = 26;
  counters.announcements_received = 24;
  counters.ignored = 2;
  counters.ignored_malformed = counters.ignored_forged = 1;
  counters.state_changes = counters.requests_failed = 1;
  counters.frames_sent = 40;
  status.failback = core::Duration::zero();
  status.interval = std::chrono::milliseconds(1);
  status.stale = std::chrono::milliseconds(3);
  status.failover_bound = std::chrono::microseconds(7200);
  status.turn_delay = std::chrono::microseconds(2800);
  status.is_mature = status.is_active = true;
  status.peers = {{.name = "n1", .is_self = true, .is_active = true},
                  {.name = "n2", .is_active = true, .was_heard = true, .protocol = 2,
                   .hears_us = true}};
  status.peers[1].heard_ago = std::chrono::microseconds(400);
  status.peers[1].longest_gap = std::chrono::microseconds(1250);
  const auto since = std::chrono::milliseconds(21500);
  status.groups = {{0, core::Holding::complete, core::MoveReason::start, since},
                   {0, core::Holding::partial, core::MoveReason::start, since}};
  status.troubles = {{"fd77::9", "eth0", "EACCES: IPv6 is off on this interface",
                      std::chrono::seconds(12)}};
  status.neighbours = 3;
  status.guard = core::GuardStatus{4711, 0, 0};
  status.program = "vippyd 0.1.0";
  status.platform = "linux/io_uring";
  status.injector = "packet";
  return status;
}

TEST(DocumentsTest, ShowTheStatusAsItIs) {
  const auto shown = block(file_text("management.md"), "{\n");
  EXPECT_EQ(Json::parse(shown, nullptr, false).dump(), Json::parse(render_json(example())).dump());
}

TEST(DocumentsTest, ShowTheTextOfThatStatus) {
  EXPECT_EQ(block(file_text("management.md"), "State:"),
            render_text(render_json(example()), Detail::brief));
}

TEST(DocumentsTest, ShowWhatElseIsSaidOfThatStatus) {
  const auto json = render_json(example());
  EXPECT_EQ(block(file_text("management.md"), "10.77.1.1: on"), render_why(json, "").value());
  const auto failover = block(file_text("management.md"), "Failover:");
  const auto text = render_text(json, Detail::verbose).value();
  EXPECT_NE(text.find("\n" + failover), std::string::npos) << text;
}

TEST(DocumentsTest, ShowAnAnswerAsItIs) {
  auto shown = block(file_text("management.md"), "HTTP/1.1 404");
  auto answer = format(HttpResponse{404, error_body("no such command"), true, true, {}},
                       "Sun, 22 Nov 2026 08:13:24 GMT") + "\n";
  for (auto at = answer.find('\r'); at != std::string::npos; at = answer.find('\r')) {
    answer.erase(at, 1);
  }
  EXPECT_EQ(shown, answer);
}

TEST(DocumentsTest, NameTheLimitsOfTheServer) {
  const auto document = file_text("management.md");
  const std::pair<std::string, std::size_t> limits[] = {
      {"| request line and headers | 8 KiB |", kHeadOctetsMax / 1024 == 8},
      {"| body | 64 KiB |", kBodyOctetsMax / 1024 == 64},
      {"| connections at a time | 64 |", kConnectionsMax == 64},
      {"| an idle connection | 5 s |", kPatience == std::chrono::seconds(5)},
      {"| answers on one connection | 4 MiB |", kRepliedOctetsMax >> 20U == 4},
      {" | 144 KiB |", kPendingOctetsMax / 1024 == 144},
  };
  for (const auto& [text, holds] : limits) {
    EXPECT_TRUE(holds) << text;
    EXPECT_NE(document.find(text), std::string::npos) << text;
  }
}

// The check of the man page, which asks `ask` and reads what comes.
int health_of(const std::string& ask) {
  const auto page = file_text("man/vippyctl.8");
  const std::string command = "$ vippyctl --timeout 1 status";
  const auto begin = page.find(command + " | awk");
  const auto end = page.find("\n.Ed", begin);
  if (begin == std::string::npos || end == std::string::npos) return -1;
  const auto filter = page.substr(begin + command.size(), end - begin - command.size());
  const int status = std::system((ask + filter).c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(DocumentsTest, ManPageShowsAHealthCheckThatTells) {
  const auto say = [](const core::Status& status) {
    return "printf '%s' '" + *render_text(render_json(status), Detail::brief) + "'";
  };
  auto status = status_of(golden_statuses()[0].status);
  EXPECT_EQ(health_of(say(status)), 0);
  status.troubles = {{"10.77.1.1", "eth0", "is not there: the interface is missing or down"}};
  EXPECT_EQ(health_of(say(status)), 1);
  status.troubles.clear();
  status.is_active = false;
  EXPECT_EQ(health_of(say(status)), 1);
  EXPECT_EQ(health_of("false"), 1) << "no answer";
}

TEST(DocumentsTest, ManPageShowsTheReferencesStatus) {
  EXPECT_NE(file_text("man/vippyctl.8").find("$ vippyctl status\n" + golden_statuses()[0].text),
            std::string::npos);
}

}  // namespace
}  // namespace vippy::ctl
