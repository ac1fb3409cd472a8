#include "platform/linux/streams.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr std::size_t kAcceptsPerWaitMax = 16;

Descriptor open_reserve() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

std::uint32_t peer_uid(int fd) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  // Nobody is the right answer to a question that failed.
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return 65534;
  return peer.uid;
}

}  // namespace

Streams::Streams(Loop& loop, WatchToken first_token)
    : loop_(loop), first_token_(first_token), reserve_(open_reserve()) {}

Streams::~Streams() {
  for (std::size_t i = 0; i < kStreamsMax; ++i) {
    if (places_[i] != nullptr) drop(i);
  }
  if (listener_ != nullptr) loop_.unwatch(first_token_);
}

int Streams::open(const OpenManagement& request, Notices& notices) {
  const std::string path(request.path);
  if (listener_ != nullptr && listener_->is_at(path)) {
    return ::chmod(path.c_str(), request.mode) == 0 ? 0 : errno;
  }
  auto listener = std::make_unique<StreamListener>();
  if (const int error = listener->open(path, request.mode); error != 0) {
    if (!listener->complaint().empty()) notices.say(true, listener->complaint());
    return error;
  }
  if (listener_ != nullptr) loop_.unwatch(first_token_);
  const int error = loop_.watch(listener->descriptor(), first_token_, Interest::read);
  if (error != 0) {
    if (listener_ != nullptr) {
      (void)loop_.watch(listener_->descriptor(), first_token_, Interest::read);
    }
    return error;
  }
  listener_ = std::move(listener);
  return 0;
}

void Streams::on_ready(WatchToken token, std::vector<Event>& out, Notices& notices,
                       core::Instant now) {
  if (token == first_token_) return accept(out, notices, now);
  const std::size_t place = token - first_token_ - 1;
  if (places_[place] == nullptr) return;
  write(place, now);
  if (places_[place] != nullptr && !places_[place]->is_closing) read(place, out, now);
}

void Streams::accept(std::vector<Event>& out, Notices& notices, core::Instant now) {
  for (std::size_t i = 0; i < kAcceptsPerWaitMax; ++i) {
    Descriptor socket(
        ::accept4(listener_->descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      place(std::move(socket), out, notices, now);
    } else if (errno == EMFILE || errno == ENFILE) {
      return refuse_for_want_of_descriptors(notices, now);
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

// Left in the backlog, the connection would be reported as ready for ever.
void Streams::refuse_for_want_of_descriptors(Notices& notices, core::Instant now) {
  notices.warn_limited("stream descriptors",
                       "a management connection was refused: " + explain(EMFILE), now);
  reserve_.reset();
  const Descriptor socket(::accept4(listener_->descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  reserve_ = open_reserve();
}

void Streams::place(Descriptor socket, std::vector<Event>& out, Notices& notices,
                    core::Instant now) {
  std::size_t chosen = kStreamsMax;
  for (std::size_t i = 0; i < kStreamsMax && chosen == kStreamsMax; ++i) {
    if (places_[i] == nullptr) chosen = i;
  }
  for (std::size_t i = 0; i < kStreamsMax && chosen == kStreamsMax; ++i) {
    // What was active in this very batch may be in the middle of a question.
    if (!places_[i]->has_output() && places_[i]->active < now) chosen = i;
  }
  if (chosen == kStreamsMax) {
    notices.warn_limited(
        "stream full",
        "a management connection was turned away: " + std::to_string(kStreamsMax) + " are busy",
        now);
    return;
  }
  for (std::size_t i = 0; i < kStreamsMax && places_[chosen] != nullptr; ++i) {
    const bool is_idle = !places_[i]->has_output();
    if (is_idle && places_[i]->active < places_[chosen]->active) chosen = i;
  }
  if (auto& idle = places_[chosen]; idle != nullptr) {
    notices.warn_limited("stream idle", "an idle management connection was closed to make room",
                         now);
    if (idle->is_announced) out.emplace_back(StreamClosed{idle->id});
    drop(chosen);
  }
  auto connection = std::make_unique<Connection>();
  connection->id = ++last_id_;
  connection->active = now;
  connection->is_announced = true;
  connection->socket = std::move(socket);
  out.emplace_back(StreamOpened{connection->id, peer_uid(connection->socket.get())});
  places_[chosen] = std::move(connection);
  watch(chosen);
}

void Streams::watch(std::size_t place) {
  const auto& connection = *places_[place];
  const auto interest = connection.is_closing     ? Interest::write
                        : connection.has_output() ? Interest::read_write
                                                  : Interest::read;
  if (loop_.watch(connection.socket.get(), token_of(place), interest) != 0) {
    if (connection.is_announced) broken_.push_back(connection.id);
    drop(place);
  }
}

void Streams::drop(std::size_t place) {
  loop_.unwatch(token_of(place));
  places_[place].reset();
}

void Streams::read(std::size_t place, std::vector<Event>& out, core::Instant now) {
  auto& connection = *places_[place];
  auto& input = inputs_[place];
  const auto count = ::recv(connection.socket.get(), input.data(), input.size(), MSG_DONTWAIT);
  if (count > 0) {
    connection.active = now;
    out.emplace_back(
        StreamBytes{connection.id, std::span(input).first(static_cast<std::size_t>(count))});
    return;
  }
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (connection.is_announced) out.emplace_back(StreamClosed{connection.id});
  connection.is_announced = false;
  // The peer may have closed only its sending side: what it asked for still goes out.
  if (count < 0 || !connection.has_output()) return drop(place);
  connection.is_closing = true;
  connection.active = now;
  watch(place);
}

void Streams::write(std::size_t place, core::Instant now) {
  auto& connection = *places_[place];
  while (connection.has_output()) {
    const auto rest = std::span(connection.output).subspan(connection.sent);
    const auto count =
        ::send(connection.socket.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && (errno == EAGAIN || errno == ENOBUFS)) return watch(place);
    if (count < 0) {
      if (connection.is_announced) broken_.push_back(connection.id);
      return drop(place);
    }
    connection.sent += static_cast<std::size_t>(count);
    connection.active = now;
  }
  connection.output.clear();
  connection.sent = 0;
  if (connection.is_closing) return drop(place);
  watch(place);
}

Streams::Connection* Streams::find(StreamId id, std::size_t* place) {
  for (std::size_t i = 0; i < kStreamsMax; ++i) {
    if (places_[i] == nullptr || places_[i]->id != id || !places_[i]->is_announced) continue;
    *place = i;
    return places_[i].get();
  }
  return nullptr;
}

void Streams::send(const StreamSend& request, Notices& notices, core::Instant now) {
  std::size_t place = 0;
  auto* connection = find(request.stream, &place);
  if (connection == nullptr || connection->is_closing) return;
  const auto unsent = connection->output.size() - connection->sent;
  if (unsent + request.bytes.size() > kStreamOutputOctetsMax) {
    notices.warn_limited("stream slow", "a management connection was closed: it does not read",
                         now);
    broken_.push_back(connection->id);
    return drop(place);
  }
  connection->output.insert(connection->output.end(), request.bytes.begin(), request.bytes.end());
  write(place, now);
}

void Streams::close(const StreamClose& request, core::Instant now) {
  std::size_t place = 0;
  auto* connection = find(request.stream, &place);
  if (connection == nullptr) return;
  connection->is_announced = false;
  if (!connection->has_output()) return drop(place);
  connection->is_closing = true;
  connection->active = now;
  watch(place);
}

void Streams::take_broken(std::vector<Event>& out) {
  for (const auto id : broken_) out.emplace_back(StreamClosed{id});
  broken_.clear();
}

core::Instant Streams::next_deadline() const {
  auto deadline = core::Instant::max();
  for (const auto& connection : places_) {
    if (connection == nullptr || !connection->is_closing) continue;
    deadline = std::min(deadline, connection->active + kStreamLingerMax);
  }
  return deadline;
}

void Streams::on_deadline(Notices& notices, core::Instant now) {
  for (std::size_t i = 0; i < kStreamsMax; ++i) {
    if (places_[i] == nullptr || !places_[i]->is_closing) continue;
    if (places_[i]->active + kStreamLingerMax > now) continue;
    notices.warn_limited("stream slow", "a management connection was closed: it does not read",
                         now);
    drop(i);
  }
}

}  // namespace vippy::platform
