#include "ctl/http.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace vippy::ctl {
namespace {

std::span<const std::uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// All requests of the text, given in pieces of `piece` octets, and the error that ended them.
struct Reading {
  std::vector<HttpRequest> requests;
  std::optional<HttpError> error;
};

Reading read(std::string_view text, std::size_t piece = std::string_view::npos) {
  HttpParser parser;
  Reading reading;
  while (!text.empty()) {
    parser.append(octets(text.substr(0, piece)));
    text.remove_prefix(std::min(piece, text.size()));
    for (;;) {
      const auto next = parser.next();
      if (!next) {
        reading.error = next.error();
        return reading;
      }
      if (!*next) break;
      reading.requests.push_back(**next);
    }
  }
  return reading;
}

TEST(HttpParserTest, ReadsARequestAsCurlSendsIt) {
  const auto reading = read(
      "GET /status HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/7.88.1\r\n"
      "Accept: */*\r\n\r\n");
  ASSERT_EQ(reading.requests.size(), 1U);
  EXPECT_EQ(reading.requests[0], (HttpRequest{"GET", "/status", "", true}));
}

TEST(HttpParserTest, ReadsTheSameInPiecesOfAnySize) {
  const std::string text =
      "GET /status HTTP/1.1\r\nHost: x\r\n\r\n"
      "POST /drain HTTP/1.1\r\nContent-Length: 5\r\n\r\nGET /"
      "\r\nGET /a HTTP/1.0\nConnection: Keep-Alive\n\n"
      "GET http://localhost/b HTTP/1.1\r\nConnection: foo , Close\r\n\r\n";
  const std::vector<HttpRequest> wanted = {{"GET", "/status", "", true},
                                           {"POST", "/drain", "GET /", true},
                                           {"GET", "/a", "", true},
                                           {"GET", "/b", "", false}};
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto reading = read(text, piece);
    EXPECT_EQ(reading.requests, wanted) << piece;
    EXPECT_FALSE(reading.error) << piece;
  }
}

TEST(HttpParserTest, KnowsWhenAConnectionStaysOpen) {
  const std::pair<const char*, bool> cases[] = {
      {"HTTP/1.1\r\n", true},
      {"HTTP/1.0\r\n", false},
      {"HTTP/1.2\r\n", true},
      {"HTTP/1.1\r\nConnection: close\r\n", false},
      {"HTTP/1.1\r\nCONNECTION: CLOSE\r\n", false},
      {"HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n", false},
      {"HTTP/1.0\r\nConnection: keep-alive\r\n", true},
  };
  for (const auto& [rest, keep_alive] : cases) {
    const auto reading = read(std::string("GET / ") + rest + "\r\n");
    ASSERT_EQ(reading.requests.size(), 1U) << rest;
    EXPECT_EQ(reading.requests[0].keep_alive, keep_alive) << rest;
  }
}

TEST(HttpParserTest, RefusesByName) {
  const std::pair<std::string, HttpError> cases[] = {
      {"\x16\x03\x01\n\n", HttpError::malformed},
      {"GET\r\n\r\n", HttpError::malformed},
      {"GET /status\r\n\r\n", HttpError::malformed},
      {"G@T / HTTP/1.1\r\n\r\n", HttpError::malformed},
      {" GET / HTTP/1.1\r\n\r\n", HttpError::malformed},
      {"GET  / HTTP/1.1\r\n\r\n", HttpError::malformed},
      {"GET status HTTP/1.1\r\n\r\n", HttpError::malformed},
      {"GET /\x01 HTTP/1.1\r\n\r\n", HttpError::malformed},
      {"GET /\xc3\xbc HTTP/1.1\r\n\r\n", HttpError::malformed},
      {"GET / http/1.1\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/2.0\r\n\r\n", HttpError::unknown_version},
      {"GET / HTTP/1.1\r\nHost\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nHost : x\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", HttpError::malformed},
      {std::string("GET / HTTP/1.1\r\nA: \0\r\n\r\n", 24), HttpError::malformed},
      {"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nContent-Length: 9999999999999999999999\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nContent-Length: 65537\r\n\r\n", HttpError::body_too_large},
      {"GET / HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
       HttpError::expectation},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", HttpError::length_required},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", HttpError::unknown_coding},
      {"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", HttpError::malformed},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
       HttpError::malformed},
  };
  for (const auto& [text, error] : cases) {
    const auto reading = read(text);
    EXPECT_TRUE(reading.requests.empty()) << text;
    EXPECT_EQ(reading.error, error) << text;
  }
}

TEST(HttpParserTest, HoldsItsBounds) {
  const std::string start = "GET / HTTP/1.1\r\nA: ";
  const auto fitting = start + std::string(kHeadOctetsMax - start.size() - 4, 'x') + "\r\n\r\n";
  EXPECT_EQ(fitting.size(), kHeadOctetsMax);
  EXPECT_EQ(read(fitting).requests.size(), 1U);
  EXPECT_EQ(read(start + std::string(kHeadOctetsMax, 'x'), 1000).error, HttpError::head_too_large);
  EXPECT_EQ(read(start + std::string(kHeadOctetsMax, 'x') + "\r\n\r\n").error,
            HttpError::head_too_large);
  const auto head = "POST / HTTP/1.1\r\nContent-Length: 65536\r\n\r\n";
  const auto whole = read(head + std::string(kBodyOctetsMax, 'b'), 4096);
  ASSERT_EQ(whole.requests.size(), 1U);
  EXPECT_EQ(whole.requests[0].body.size(), kBodyOctetsMax);
}

TEST(HttpResponseTest, LooksLikeTheReference) {
  std::ifstream file(VIPPY_SOURCE_DIR "/tests/golden/vippy1/status.json");
  const std::string wanted = nlohmann::json::parse(file)["unknown_command_response"];
  auto found = format(HttpResponse{404, error_body("no such command"), true, true, {}},
                      "Sun, 22 Nov 2026 08:13:24 GMT");
  for (auto at = found.find("\r\n"); at != std::string::npos; at = found.find("\r\n")) {
    found.erase(at, 1);
  }
  EXPECT_EQ(found, wanted);
}

TEST(HttpResponseTest, SaysAllowAndCloseAndLeavesTheBodyOut) {
  EXPECT_EQ(format(HttpResponse{405, "{}", false, false, "GET"}, "D"),
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/json\r\nAllow: GET\r\n"
            "Date: D\r\nConnection: close\r\nContent-Length: 2\r\n\r\n");
}

TEST(HttpResponseTest, HasACodeAndATextForEveryError) {
  for (int i = 0; i <= static_cast<int>(HttpError::unknown_version); ++i) {
    const auto response = error_response(static_cast<HttpError>(i));
    EXPECT_GE(response.status, 400);
    EXPECT_FALSE(response.keep_alive);
    EXPECT_EQ(format(response, "").find(" Unknown\r\n"), std::string::npos) << response.status;
    EXPECT_TRUE(nlohmann::json::parse(response.body).contains("error"));
  }
}

}  // namespace
}  // namespace vippy::ctl
