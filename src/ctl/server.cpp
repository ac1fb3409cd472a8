#include "ctl/server.h"

#include <algorithm>
#include <utility>

namespace vippy::ctl {

namespace {

HttpResponse refusal(CommandError error, std::string_view target) {
  HttpResponse response;
  switch (error) {
    case CommandError::unknown:
      response.status = 404;
      response.body = error_body("no such command");
      break;
    case CommandError::wrong_method:
      response.status = 405;
      response.body = error_body("method not allowed");
      response.allow = method_of(target);
      break;
    case CommandError::bad_body:
      response.status = 400;
      response.body = error_body("the body is to be empty or {\"node\": \"NAME\"}");
      break;
  }
  return response;
}

}  // namespace

void Server::on_opened(StreamId stream, Moment moment, ServerOutput& out) {
  if (connections_.size() >= kConnectionsMax) {
    out.outgoing.push_back(
        {stream, format(error_response(HttpError::too_many), moment.date), true});
    return;
  }
  connections_[stream].deadline = moment.now + kPatience;
}

void Server::on_bytes(StreamId stream, std::span<const std::uint8_t> bytes, Moment moment,
                      ServerOutput& out) {
  const auto at = connections_.find(stream);
  if (at == connections_.end()) return;
  auto& connection = at->second;
  connection.parser.append(bytes);
  if (!connection.question) {
    advance(at, moment, out);
  } else if (connection.parser.waiting() > kPendingOctetsMax) {
    out.outgoing.push_back({stream, "", true});
    connections_.erase(at);
  }
}

void Server::on_closed(StreamId stream) { connections_.erase(stream); }

void Server::answer(const Question& question, Answer answer, Moment moment, ServerOutput& out) {
  const auto at = connections_.find(question.stream);
  if (at == connections_.end() || at->second.question != question.number) return;
  at->second.question.reset();
  HttpResponse response;
  response.status = answer.status;
  response.body = std::move(answer.body);
  response.keep_alive = at->second.keep_alive;
  if (reply(at, std::move(response), moment, out)) advance(at, moment, out);
}

void Server::expire(Moment moment, ServerOutput& out) {
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto& [stream, connection] = *at;
    if (connection.question || connection.deadline > moment.now) {
      ++at;
      continue;
    }
    // An idle connection just ends; a request that dribbles in is told why.
    const auto text = connection.is_reading
                          ? format(error_response(HttpError::timed_out), moment.date)
                          : std::string();
    out.outgoing.push_back({stream, text, true});
    at = connections_.erase(at);
  }
}

core::Instant Server::next_deadline() const {
  auto earliest = core::Instant::max();
  for (const auto& [stream, connection] : connections_) {
    if (!connection.question) earliest = std::min(earliest, connection.deadline);
  }
  return earliest;
}

// Takes requests until one has to wait for the hall, or no whole one is left.
void Server::advance(Connections::iterator at, Moment moment, ServerOutput& out) {
  for (;;) {
    auto& connection = at->second;
    const auto request = connection.parser.next();
    if (!request) {
      static_cast<void>(reply(at, error_response(request.error()), moment, out));
      return;
    }
    if (!*request) {
      const bool was_reading = std::exchange(connection.is_reading, connection.parser.is_inside());
      // The time for a request counts from its first octet: dribbling does not prolong it.
      if (connection.is_reading && !was_reading) connection.deadline = moment.now + kPatience;
      return;
    }
    connection.is_reading = false;
    if (!take(at, **request, moment, out)) return;
  }
}

// True when the connection is there and free for the next request.
bool Server::take(Connections::iterator at, const HttpRequest& request, Moment moment,
                  ServerOutput& out) {
  auto& connection = at->second;
  connection.keep_alive = request.keep_alive;
  const auto command = parse_command(request);
  if (command) {
    connection.question = ++questions_;
    out.questions.push_back({at->first, *connection.question, *command});
    return false;
  }
  auto response = refusal(command.error(), request.target);
  response.keep_alive = request.keep_alive;
  response.has_body = request.method != "HEAD";
  return reply(at, std::move(response), moment, out);
}

// True when the connection is there for another request.
bool Server::reply(Connections::iterator at, HttpResponse response, Moment moment,
                   ServerOutput& out) {
  auto& connection = at->second;
  if (connection.replied + response.body.size() > kRepliedOctetsMax) response.keep_alive = false;
  out.outgoing.push_back({at->first, format(response, moment.date), !response.keep_alive});
  connection.replied += out.outgoing.back().bytes.size();
  connection.deadline = moment.now + kPatience;
  if (response.keep_alive) return true;
  connections_.erase(at);
  return false;
}

}  // namespace vippy::ctl
