// The program itself, against a daemon that says what it is told to.
#include <gtest/gtest.h>

#include "ctl/client.h"
#include "ctl/render_json.h"
#include "ctl/server.h"
#include "tests/ctl/fake_daemon.h"
#include "tests/ctl/golden_status.h"

namespace vippy::ctl {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Handler always(std::string reply) {
  return [reply = std::move(reply)](const std::string&) { return reply; };
}

TEST(VippyctlTest, PrintsTheReferencesStatusAsTheReferenceDoes) {
  for (const auto& [status, text] : golden_statuses()) {
    const FakeDaemon daemon([&status = status](const std::string& request) {
      return request.starts_with("GET /status HTTP/1.1\r\n") ? http_reply(status.dump())
                                                             : http_reply("{}", "404 Not Found");
    });
    const auto finished = vippyctl({"-s", daemon.socket(), "status"});
    EXPECT_EQ(finished.exit, 0);
    EXPECT_EQ(finished.out, text);
    EXPECT_EQ(finished.err, "");
  }
}

TEST(VippyctlTest, UnderstandsOurServer) {
  const auto golden = golden_statuses()[0];
  const FakeDaemon daemon([&golden](const std::string& request) {
    Server server;
    ServerOutput out;
    const Moment moment{{}, "Sun, 22 Nov 2026 08:13:24 GMT"};
    server.on_opened(1, moment, out);
    server.on_bytes(1, {reinterpret_cast<const std::uint8_t*>(request.data()), request.size()},
                    moment, out);
    if (!out.questions.empty()) {
      const auto question = out.questions[0];
      server.answer(question, {200, render_json(status_of(golden.status))}, moment, out);
    }
    return out.outgoing.at(0).bytes;
  });
  EXPECT_EQ(vippyctl({"status", "-s", daemon.socket()}).out, golden.text);
  const auto unknown = vippyctl({"-s", daemon.socket(), "frob nicate"});
  EXPECT_EQ(unknown.exit, 1);
  EXPECT_EQ(unknown.out, "{\"error\":\"no such command\"}\n");
  EXPECT_TRUE(unknown.err.starts_with("vippyctl: the daemon does not know \"frob nicate\"\n"));
  EXPECT_TRUE(has(unknown.err, "\n  drain [NODE] ")) << unknown.err;
  const auto raw = vippyctl({"-s", daemon.socket(), "--json", "frob nicate"});
  EXPECT_EQ(raw.exit, 1);
  EXPECT_EQ(raw.out, "{\"error\":\"no such command\"}\n");
  EXPECT_EQ(raw.err, "");
  const auto verbose = vippyctl({"-v", "-s", daemon.socket(), "status"});
  EXPECT_EQ(verbose.exit, 0);
  EXPECT_TRUE(has(verbose.out, "\nPeers:\n")) << verbose.out;
}

TEST(VippyctlTest, SendsAnUnknownCommandAsItsTarget) {
  const FakeDaemon daemon([](const std::string& request) {
    return http_reply(request.substr(0, request.find('\r')));
  });
  const auto finished = vippyctl({"-s", daemon.socket(), "a b/\xc3\xbc?x=1"});
  EXPECT_EQ(finished.exit, 0);
  EXPECT_EQ(finished.out, "GET /a%20b/%C3%BC?x=1 HTTP/1.1\n");
}

TEST(VippyctlTest, AsksANodeToDrainAndSaysHowToWatch) {
  std::string seen;
  const FakeDaemon daemon([&seen](const std::string& request) {
    seen = request;
    return http_reply(R"({"asked":"drain","node":"n2"})", "202 Accepted");
  });
  const auto finished = vippyctl({"-s", daemon.socket(), "drain", "n2"});
  EXPECT_EQ(finished.exit, 0) << finished.err;
  EXPECT_TRUE(seen.starts_with("POST /drain HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{\"node\":\"n2\"}")) << seen;
  EXPECT_TRUE(has(finished.out, "n2 was asked to drain")) << finished.out;
  EXPECT_TRUE(has(finished.out, "`vippyctl undrain n2` brings it back")) << finished.out;
  const auto json = vippyctl({"-s", daemon.socket(), "--json", "undrain"});
  EXPECT_TRUE(seen.starts_with("POST /undrain HTTP/1.1\r\n")) << seen;
  EXPECT_TRUE(seen.ends_with("\r\n\r\n{}")) << seen;
  EXPECT_EQ(json.out, "{\"asked\":\"drain\",\"node\":\"n2\"}\n");
}

TEST(VippyctlTest, SaysThatANodeWasNotDrained) {
  const FakeDaemon daemon(
      always(http_reply(R"({"error":"n9 is not one of the nodes"})", "404 Not Found")));
  const auto finished = vippyctl({"-s", daemon.socket(), "drain", "n9"});
  EXPECT_EQ(finished.exit, 1);
  EXPECT_EQ(finished.out, "");
  EXPECT_EQ(finished.err, "vippyctl: not drained: n9 is not one of the nodes\n");
  const FakeDaemon strange(always(http_reply("busy", "200 OK")));
  const auto unsure = vippyctl({"-s", strange.socket(), "undrain"});
  EXPECT_EQ(unsure.exit, 1);
  EXPECT_EQ(unsure.err, "vippyctl: not undrained: busy\n");
}

TEST(VippyctlTest, TellsWhyAGroupIsWhereItIs) {
  const auto status = status_of(golden_statuses()[0].status);
  const FakeDaemon daemon(always(http_reply(render_json(status))));
  const auto finished = vippyctl({"-s", daemon.socket(), "why", "fd77::9"});
  EXPECT_EQ(finished.exit, 0) << finished.err;
  EXPECT_TRUE(finished.out.starts_with("fd77::9: on n2 for 0.0 s\n")) << finished.out;
  const auto unknown = vippyctl({"-s", daemon.socket(), "why", "10.0.0.99"});
  EXPECT_EQ(unknown.exit, 1);
  EXPECT_TRUE(has(unknown.err, "no group has the address 10.0.0.99")) << unknown.err;
  const auto one = vippyctl({"-s", daemon.socket(), "--json", "why", "fd77::9"});
  EXPECT_EQ(one.exit, 0) << one.err;
  EXPECT_EQ(Json::parse(one.out).at("group"), "fd77::9");
  EXPECT_EQ(one.out.find("identity"), std::string::npos);
  EXPECT_EQ(vippyctl({"-s", daemon.socket(), "--json", "why", "10.0.0.99"}).exit, 1);
  EXPECT_EQ(vippyctl({"-s", daemon.socket(), "--json", "why"}).out, render_json(status) + "\n");
  const FakeDaemon old(always(http_reply(golden_statuses()[0].status.dump())));
  const auto silent = vippyctl({"-s", old.socket(), "why"});
  EXPECT_EQ(silent.exit, 4);
  EXPECT_TRUE(has(silent.err, "does not tell why")) << silent.err;
}

TEST(VippyctlTest, PrintsJsonAsItCame) {
  const auto golden = golden_statuses()[0];
  const FakeDaemon daemon(always(http_reply(golden.status.dump())));
  const auto finished = vippyctl({"-s", daemon.socket(), "--json", "status"});
  EXPECT_EQ(finished.exit, 0);
  EXPECT_EQ(finished.out, golden.status.dump() + "\n");
}

TEST(VippyctlTest, ExitsWith1WhenTheDaemonRefuses) {
  const FakeDaemon daemon(always(http_reply("{\"error\":\"busy\"}", "503 Service Unavailable")));
  const auto finished = vippyctl({"-s", daemon.socket(), "status"});
  EXPECT_EQ(finished.exit, 1);
  EXPECT_EQ(finished.out, "{\"error\":\"busy\"}\n");
}

TEST(VippyctlTest, ExitsWith2OnWrongUsage) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {}, {"status", "more"}, {"drain", ""}, {"drain", "a", "b"}, {"other", "a"},
           {"--nonsense", "status"}, {""}, {"-s"},
           {"--timeout", "0", "status"}, {"--timeout", "x", "status"},
           {"--timeout", "nan", "status"}, {"--timeout", "1e9", "status"}}) {
    const auto finished = vippyctl(arguments);
    EXPECT_EQ(finished.exit, 2);
    EXPECT_NE(finished.err, "");
    EXPECT_EQ(finished.out, "");
  }
}

TEST(VippyctlTest, ExitsWith3WhenThereIsNoDaemon) {
  const TemporaryFolder folder;
  const auto absent = vippyctl({"-s", folder.file("none"), "status"});
  EXPECT_EQ(absent.exit, 3);
  EXPECT_TRUE(has(absent.err, "is vippyd running")) << absent.err;
  EXPECT_TRUE(has(absent.err, folder.file("none"))) << absent.err;
  EXPECT_EQ(vippyctl({"-s", folder.file("none") + std::string(200, 'x'), "status"}).exit, 3);
  EXPECT_EQ(vippyctl({"-s", "", "status"}).exit, 3);
  EXPECT_EQ(vippyctl({"-s", "/dev/null", "status"}).exit, 3);
}

TEST(VippyctlTest, ExitsWith4WhenTheAnswerDoesNotCome) {
  const auto started = std::chrono::steady_clock::now();
  for (const auto* beginning : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"}) {
    const FakeDaemon daemon(always(beginning), After::hang);
    const auto finished = vippyctl({"-s", daemon.socket(), "--timeout", "0.2", "status"});
    EXPECT_EQ(finished.exit, 4);
    EXPECT_TRUE(has(finished.err, "within 200 ms")) << finished.err;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

TEST(VippyctlTest, ExitsWith4OnBrokenAnswers) {
  for (const auto& reply :
       {std::string(), std::string("rubbish"), std::string("SSH-2.0-OpenSSH\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"), http_reply(""),
        http_reply("no status"), http_reply("{}"), http_reply("[[[["),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string(300'000, '\0')}) {
    const FakeDaemon daemon(always(reply));
    const auto finished = vippyctl({"-s", daemon.socket(), "status"});
    EXPECT_EQ(finished.exit, 4) << reply.substr(0, 60);
    EXPECT_TRUE(has(finished.err, "broken answer")) << finished.err;
    EXPECT_EQ(finished.out, "");
  }
}

TEST(VippyctlTest, RefusesAnEndlessAnswer) {
  const std::string body(kReplyOctetsMax + 1, 'x');
  const FakeDaemon daemon(always("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body));
  const auto finished = vippyctl({"-s", daemon.socket(), "--timeout", "60", "status"});
  EXPECT_EQ(finished.exit, 4);
  EXPECT_TRUE(has(finished.err, "too long")) << finished.err;
}

TEST(VippyctlTest, LetsNoControlCharacterOntoATerminal) {
  const FakeDaemon daemon(always(http_reply("{\"x\":\"\x1b[2J\x9b\"}")));
  EXPECT_EQ(vippyctl_on_terminal({"-s", daemon.socket(), "x"}).out, "{\"x\":\"?[2J?\"}\r\n");
  EXPECT_EQ(vippyctl({"-s", daemon.socket(), "x"}).out, "{\"x\":\"\x1b[2J\x9b\"}\n");
}

TEST(VippyctlTest, DocumentsItsExitStatus) {
  const auto help = vippyctl({"--help"});
  EXPECT_EQ(help.exit, 0);
  for (const auto* line : {"0  done", "1  the", "2  wrong usage", "3  no daemon", "4  no "}) {
    EXPECT_TRUE(has(help.out, line)) << line;
  }
  EXPECT_EQ(vippyctl({"--version"}).out, "vippyctl " VIPPY_VERSION "\n");
}

TEST(VippyctlTest, SaysWhichFailbackHoldsForTheNodeThatComesBack) {
  const auto undrained = [](const std::string& body) {
    const FakeDaemon daemon(always(http_reply(body, "202 Accepted")));
    return vippyctl({"-s", daemon.socket(), "undrain"}).out;
  };
  const auto own = undrained(R"({"asked":"undrain","node":"n1","failback":30.0,"protocol":"2"})");
  EXPECT_TRUE(has(own, "; failback is after 30 s: a node that returns takes")) << own;
  const auto other = undrained(R"({"asked":"undrain","node":"n2"})");
  EXPECT_TRUE(has(other, "; failback is what its own configuration says.")) << other;
}

}  // namespace
}  // namespace vippy::ctl
