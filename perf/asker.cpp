#include "perf/asker.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <stdexcept>

#include "perf/stalls.h"
#include "tests/support/traffic.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

// After a longer pause of our own what was missed is not asked all at once.
constexpr Duration kCatchUp = 5ms;
// The kernel has timed what waits until then.
constexpr Duration kReadEvery = 1ms;

struct Answer {
  std::uint64_t number = 0;
  std::uint64_t node = 0;
};

Duration duration(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

// One message; what the kernel says about it.
struct Letter {
  Answer answer{};
  Duration at{};
  std::uint32_t id = 0;  // of a departure
  std::size_t size = 0;
};

void read_note(const cmsghdr& note, Letter& letter) {
  if (note.cmsg_level == SOL_SOCKET && note.cmsg_type == SCM_TIMESTAMPING) {
    scm_timestamping times{};
    std::memcpy(&times, CMSG_DATA(&note), sizeof times);
    letter.at = duration(times.ts[0]);
  }
  if (note.cmsg_level == SOL_IP && note.cmsg_type == IP_RECVERR) {
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(&note), sizeof error);
    if (error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) letter.id = error.ee_data;
  }
}

// As many as are there, with one system call for dozens of them: what the client itself takes of a
// processor is missing to those whom it measures.
template <typename Visit>
void receive_all(int fd, int flags, const Visit& visit) {
  constexpr std::size_t kAtOnce = 32;
  std::array<Answer, kAtOnce> answers;
  std::array<iovec, kAtOnce> parts;
  alignas(cmsghdr) std::array<std::array<char, 256>, kAtOnce> controls;
  std::array<mmsghdr, kAtOnce> messages;
  for (int count = kAtOnce; count == kAtOnce;) {
    for (std::size_t i = 0; i < kAtOnce; ++i) {
      parts[i] = {&answers[i], sizeof answers[i]};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
      messages[i].msg_hdr.msg_control = controls[i].data();
      messages[i].msg_hdr.msg_controllen = controls[i].size();
    }
    count = ::recvmmsg(fd, messages.data(), kAtOnce, flags | MSG_DONTWAIT, nullptr);
    for (std::size_t i = 0; count > 0 && i < static_cast<std::size_t>(count); ++i) {
      auto& header = messages[i].msg_hdr;
      Letter letter{answers[i], {}, 0, messages[i].msg_len};
      for (auto* note = CMSG_FIRSTHDR(&header); note != nullptr;
           note = CMSG_NXTHDR(&header, note)) {
        read_note(*note, letter);
      }
      visit(letter);
    }
  }
}

int open_socket(const NetSpace& host) {
  int fd = -1;
  host.in([&] { fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); });
  if (fd < 0) throw std::runtime_error("no UDP socket in " + host.name());
  const int buffer = 8 << 20;
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  const int stamps = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE |
                     SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
                     SOF_TIMESTAMPING_OPT_TSONLY;
  if (::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps, sizeof stamps) != 0) {
    throw std::runtime_error("the kernel does not time datagrams");
  }
  return fd;
}

}  // namespace

Asker::Asker(const NetSpace& host, const std::vector<std::string>& vips, unsigned rate)
    : fd_(open_socket(host)), period_(Duration(1s) / rate), last_(vips.size()) {
  for (const auto& vip : vips) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(kEchoPort);
    if (::inet_pton(AF_INET, vip.c_str(), &address.sin_addr) != 1) {
      throw std::runtime_error(vip + " is not an IPv4 address");
    }
    vips_.push_back(address);
  }
  requests_.reserve(4 * std::size_t{rate});
  thread_ = std::thread([this] { run(); });
}

Asker::~Asker() {
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
  ::close(fd_);
}

void Asker::pause_until(Duration at) const {
  const timespec until{at / 1s, static_cast<long>((at % 1s).count())};
  ::clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
}

void Asker::send_one() {
  const std::uint64_t number = requests_.size();
  const auto& vip = vips_[number % vips_.size()];
  requests_.push_back({wall_clock(), {}});
  ::sendto(fd_, &number, sizeof number, MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&vip),
           sizeof vip);
  ++sent_;
}

// The kernel counts datagrams as we do: from 0.
void Asker::read_departures() {
  receive_all(fd_, MSG_ERRQUEUE, [&](const Letter& letter) {
    if (letter.at > Duration::zero() && letter.id < requests_.size()) {
      requests_[letter.id].sent = letter.at;
    }
  });
}

void Asker::read_answers() {
  receive_all(fd_, 0, [&](const Letter& letter) {
    const auto number = letter.answer.number;
    if (letter.size != sizeof(Answer) || number >= requests_.size()) return;
    last_from_ = letter.answer.node;
    auto& request = requests_[number];
    if (request.answered != Duration::zero()) return;
    request.answered = letter.at;
    request.node = letter.answer.node;
    last_[number % vips_.size()] = letter.answer.node;
    ++answered_;
  });
}

void Asker::run() {
  task_ = ::gettid();
  Duration read_at{};
  for (auto next = wall_clock(); !is_over_; next += period_) {
    if (wall_clock() - next > kCatchUp) next = wall_clock();
    pause_until(next);
    send_one();
    if (next < read_at) continue;
    read_at = next + kReadEvery;
    read_departures();
    read_answers();
  }
  stopped_ = wall_clock();
  while (answered_ < sent_ && wall_clock() < stopped_ + patience_) {
    pause_until(wall_clock() + 1ms);
    read_departures();
    read_answers();
  }
}

Asked Asker::judge(Duration since) const {
  Asked out;
  const auto pauses_after = [&](Duration before, Duration at) {
    if (at < since || at - before <= out.pause) return;
    out.pause = at - before;
    out.pause_at = at;
  };
  std::vector<std::vector<Duration>> answers(vips_.size());
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const auto& request = requests_[i];
    if (i > 0) pauses_after(requests_[i - 1].sent, request.sent);
    if (request.sent >= since) ++out.sent;
    if (request.answered != Duration::zero()) {
      answers[i % vips_.size()].push_back(request.answered);
      continue;
    }
    if (request.sent >= since) out.lost.push_back({request.sent, i % vips_.size()});
  }
  for (auto& times : answers) {
    times.push_back(requests_.empty() ? stopped_ : requests_.front().sent);
    times.push_back(stopped_);
    std::sort(times.begin(), times.end());
    for (std::size_t i = 1; i < times.size(); ++i) {
      if (times[i] < since || times[i] - times[i - 1] <= out.gap) continue;
      out.gap = times[i] - times[i - 1];
      out.gap_at = times[i];
    }
  }
  return out;
}

std::optional<Duration> Asker::all_answered_by(
    const std::function<bool(std::uint64_t)>& is_such, Duration since) const {
  std::vector<Duration> first(vips_.size());
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    const auto& request = requests_[i];
    if (request.sent < since || request.node == 0 || !is_such(request.node)) continue;
    auto& at = first[i % vips_.size()];
    if (at == Duration::zero() || request.answered < at) at = request.answered;
  }
  const auto [earliest, latest] = std::minmax_element(first.begin(), first.end());
  if (first.empty() || *earliest == Duration::zero()) return std::nullopt;
  return *latest;
}

bool Asker::have_left(std::uint64_t node) const {
  return std::all_of(last_.begin(), last_.end(),
                     [&](const auto& last) { return last != 0 && last != node; });
}

bool Asker::are_at(std::uint64_t node) const {
  return std::all_of(last_.begin(), last_.end(), [&](const auto& last) { return last == node; });
}

Asked Asker::finish(Duration since, Duration patience) {
  patience_ = patience;
  is_over_ = true;
  if (thread_.joinable()) thread_.join();
  return judge(since);
}

}  // namespace vippy::lab
