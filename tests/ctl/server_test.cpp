#include "ctl/server.h"

#include <gtest/gtest.h>

namespace vippy::ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kStatusRequest = "GET /status HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr std::string_view kWrongRequest = "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";

// A server with its hall: time is set by hand, GET /status is answered with {} when told to.
class ServerTest : public testing::Test {
 protected:
  [[nodiscard]] Moment moment() const { return {now_, "DATE"}; }
  void open(StreamId stream) { server_.on_opened(stream, moment(), out_); }
  void send(StreamId stream, std::string_view text) {
    server_.on_bytes(stream, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                     moment(), out_);
  }
  void answer_all(const std::string& body = "{}") {
    while (!out_.questions.empty()) {
      const auto question = out_.questions.front();
      out_.questions.erase(out_.questions.begin());
      server_.answer(question, {200, body}, moment(), out_);
    }
  }
  void expire() { server_.expire(moment(), out_); }
  // What was sent so far, as status codes; "|" for a close.
  std::string take_codes() {
    std::string codes;
    for (const auto& [stream, bytes, close] : out_.outgoing) {
      codes += bytes.empty() ? "" : bytes.substr(9, 3) + " ";
      codes += close ? "|" : "";
    }
    out_.outgoing.clear();
    return codes;
  }

  core::Instant now_{seconds(100)};
  Server server_;
  ServerOutput out_;
};

TEST_F(ServerTest, AsksTheHallForTheStatusAndSendsItsAnswer) {
  open(7);
  send(7, kStatusRequest);
  ASSERT_EQ(out_.questions.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<GetStatus>(out_.questions[0].command));
  EXPECT_TRUE(out_.outgoing.empty());
  answer_all("{\"identity\":\"n1\"}");
  ASSERT_EQ(out_.outgoing.size(), 1U);
  EXPECT_EQ(out_.outgoing[0].stream, 7U);
  EXPECT_FALSE(out_.outgoing[0].close);
  EXPECT_EQ(out_.outgoing[0].bytes,
            "HTTP/1.1 200 OK\r\nContent-Type: text/json\r\nDate: DATE\r\nConnection: keep-alive\r\n"
            "Keep-Alive: timeout=5\r\nContent-Length: 17\r\n\r\n{\"identity\":\"n1\"}");
}

TEST_F(ServerTest, AnswersUnknownCommandsAndMethodsItself) {
  open(1);
  send(1, kWrongRequest);
  send(1, "POST /status HTTP/1.1\r\n\r\n");
  EXPECT_NE(out_.outgoing[0].bytes.find("{\"error\":\"no such command\"}"), std::string::npos);
  EXPECT_NE(out_.outgoing[1].bytes.find("Allow: GET\r\n"), std::string::npos);
  EXPECT_EQ(take_codes(), "404 405 ");
  send(1, "HEAD /nothing HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(out_.outgoing[0].bytes.ends_with("Content-Length: 27\r\n\r\n"));
}

TEST_F(ServerTest, HandsOrdersToTheHallAndRefusesBadOnes) {
  open(1);
  send(1, "POST /drain HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"node\":\"n2\"}");
  ASSERT_EQ(out_.questions.size(), 1U);
  EXPECT_EQ(std::get<GiveOrder>(out_.questions[0].command).node, "n2");
  answer_all();
  EXPECT_EQ(take_codes(), "200 ");
  send(1, "GET /drain HTTP/1.1\r\n\r\n");
  EXPECT_NE(out_.outgoing[0].bytes.find("Allow: POST\r\n"), std::string::npos);
  send(1, "POST /drain HTTP/1.1\r\nContent-Length: 2\r\n\r\nn2");
  EXPECT_TRUE(out_.questions.empty());
  EXPECT_NE(out_.outgoing[1].bytes.find("the body is to be empty or"), std::string::npos);
  EXPECT_EQ(take_codes(), "405 400 ");
}

TEST_F(ServerTest, KeepsTheOrderOfPipelinedRequests) {
  open(1);
  std::string many;
  for (int i = 0; i < 3; ++i) many += std::string(kStatusRequest) + std::string(kWrongRequest);
  send(1, many);
  EXPECT_EQ(out_.questions.size(), 1U);
  EXPECT_EQ(take_codes(), "");
  answer_all();
  EXPECT_EQ(take_codes(), "200 404 200 404 200 404 ");
}

TEST_F(ServerTest, ClosesWhenAskedTo) {
  open(1);
  send(1, "GET /status HTTP/1.1\r\nConnection: close\r\n\r\n");
  send(1, kStatusRequest);
  answer_all();
  EXPECT_EQ(take_codes(), "200 |");
  EXPECT_EQ(server_.connections(), 0U);
  open(2);
  send(2, "GET /x HTTP/1.0\r\n\r\n");
  EXPECT_EQ(take_codes(), "404 |");
}

TEST_F(ServerTest, ClosesAfterAMalformedRequest) {
  open(1);
  send(1, "rubbish\r\n\r\n" + std::string(kStatusRequest));
  EXPECT_EQ(take_codes(), "400 |");
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(ServerTest, ClosesAnIdleConnectionSilently) {
  open(1);
  EXPECT_EQ(server_.next_deadline(), now_ + seconds(5));
  now_ += milliseconds(4999);
  expire();
  EXPECT_EQ(take_codes(), "");
  now_ += milliseconds(1);
  expire();
  EXPECT_EQ(take_codes(), "|");
  EXPECT_EQ(server_.next_deadline(), core::Instant::max());
}

TEST_F(ServerTest, CountsIdlenessFromTheLastReply) {
  open(1);
  now_ += seconds(4);
  send(1, kWrongRequest);
  EXPECT_EQ(server_.next_deadline(), now_ + seconds(5));
}

TEST_F(ServerTest, DoesNotLetARequestDribble) {
  open(1);
  now_ += seconds(3);
  const auto started = now_;
  for (std::size_t i = 0; i + 1 < kStatusRequest.size(); ++i) {
    send(1, kStatusRequest.substr(i, 1));
    now_ += milliseconds(100);
    EXPECT_EQ(server_.next_deadline(), started + seconds(5));
  }
  now_ = started + seconds(5);
  expire();
  EXPECT_EQ(take_codes(), "408 |");
}

TEST_F(ServerTest, EmptyLinesDoNotKeepAConnectionOpen) {
  open(1);
  const auto deadline = server_.next_deadline();
  for (int i = 0; i < 10; ++i) {
    now_ += milliseconds(100);
    send(1, "\r\n");
  }
  EXPECT_EQ(server_.next_deadline(), deadline);
}

TEST_F(ServerTest, WaitsForTheHallWithoutLimit) {
  open(1);
  send(1, kStatusRequest);
  EXPECT_EQ(server_.next_deadline(), core::Instant::max());
  now_ += seconds(60);
  expire();
  answer_all();
  EXPECT_EQ(take_codes(), "200 ");
  EXPECT_EQ(server_.next_deadline(), now_ + seconds(5));
}

TEST_F(ServerTest, IgnoresLateAnswersAndUnknownStreams) {
  send(9, kStatusRequest);
  server_.on_closed(9);
  open(1);
  send(1, kStatusRequest);
  server_.on_closed(1);
  answer_all();
  open(1);
  send(1, kStatusRequest);
  server_.answer({1, 1, GetStatus{}}, {200, "late"}, moment(), out_);
  EXPECT_EQ(take_codes(), "");
  answer_all();
  EXPECT_EQ(take_codes(), "200 ");
}

TEST_F(ServerTest, RefusesMoreConnectionsThanItsBound) {
  for (StreamId stream = 0; stream < kConnectionsMax; ++stream) open(stream);
  EXPECT_EQ(take_codes(), "");
  open(1000);
  EXPECT_EQ(take_codes(), "503 |");
  EXPECT_EQ(server_.connections(), kConnectionsMax);
  server_.on_closed(0);
  open(1001);
  EXPECT_EQ(take_codes(), "");
}

TEST_F(ServerTest, DoesNotHoardWhileAQuestionIsOpen) {
  open(1);
  send(1, kStatusRequest);
  const std::string block(10'000, 'x');
  for (std::size_t sent = 0; sent <= kPendingOctetsMax; sent += block.size()) send(1, block);
  EXPECT_EQ(take_codes(), "|");
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(ServerTest, ClosesAConnectionThatWasSentALot) {
  open(1);
  const std::string body(kRepliedOctetsMax / 2, ' ');
  for (int i = 0; i < 3; ++i) {
    send(1, kStatusRequest);
    answer_all(body);
  }
  EXPECT_EQ(take_codes(), "200 200 |");
}

}  // namespace
}  // namespace vippy::ctl
