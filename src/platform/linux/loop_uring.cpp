#include <liburing.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <unordered_map>

#include "core/assert.h"
#include "platform/linux/buffer_pool.h"
#include "platform/linux/clock_linux.h"
#include "platform/linux/descriptor.h"
#include "platform/linux/loop.h"
#include "platform/linux/uring_refusal.h"

namespace vippy::platform {

namespace {

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 1024;  // watches + cancels + a batch of datagrams fit
static_assert(kCompletions > 2 * kWatchesMax + kDatagramsPerWaitMax);
constexpr int kBufferGroup = 1;
constexpr std::size_t kBufferOctets = 66UL * 1024;
static_assert(kBufferOctets >= core::kDatagramOctetsMax + sizeof(io_uring_recvmsg_out) +
                                   sizeof(sockaddr_storage) + kControlOctets);
static_assert((kDatagramsPerWaitMax & (kDatagramsPerWaitMax - 1)) == 0, "a ring of a power of two");
constexpr std::uint64_t kIgnored = ~std::uint64_t{0};
// A wait without end would need another call; an hour is as good and needs none.
constexpr core::Duration kWaitMax = std::chrono::hours(1);

class UringLoop final : public Loop {
 public:
  ~UringLoop() override;
  // An errno value, 0 = ready for use; *step names what was refused.
  int open(std::string_view* step);

  [[nodiscard]] std::string_view name() const override { return "io_uring"; }
  int watch(int fd, WatchToken token, Interest interest) override;
  int watch_datagrams(int fd, WatchToken token) override;
  void unwatch(WatchToken token) override;
  int wait(core::Instant deadline, Ready& out) override;
  void recycle() override;

 private:
  enum class Kind : std::uint8_t { poll, datagrams };
  struct Watch {
    int fd = -1;
    Kind kind = Kind::poll;
    short events = 0;
    std::uint32_t generation = 0;
    bool is_armed = false;
  };

  int open_ring();
  int register_buffers();
  int receives_multishot();
  io_uring_sqe* submission();
  void arm(WatchToken token, Watch& watch);
  int enter(core::Duration patience);
  void cancel(std::uint64_t user_data);
  int add(int fd, WatchToken token, Kind kind, short events);
  void complete(const io_uring_cqe& completion, Ready& out);
  void receive(const io_uring_cqe& completion, WatchToken token, Ready& out);
  void give_back(std::uint16_t buffer);
  static std::uint64_t label(WatchToken token, const Watch& watch) {
    return token | (std::uint64_t{watch.generation} << 32U);
  }

  io_uring ring_{};
  bool is_open_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  BufferPool ring_memory_{1, kDatagramsPerWaitMax * sizeof(io_uring_buf)};
  BufferPool buffers_{kDatagramsPerWaitMax, kBufferOctets};
  std::vector<std::uint16_t> handed_out_;
  std::unordered_map<WatchToken, Watch> watches_;
  std::uint32_t generation_ = 0;
  msghdr layout_{};
};

UringLoop::~UringLoop() {
  if (is_open_) io_uring_queue_exit(&ring_);
}

int UringLoop::open_ring() {
  // Completions run only when this thread asks: no interrupts in the middle of a step.
  constexpr std::array<unsigned, 3> kFlags = {
      IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_COOP_TASKRUN, 0};
  int error = EINVAL;
  for (const auto flags : kFlags) {
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = kCompletions;
    error = -io_uring_queue_init_params(kSubmissions, &ring_, &params);
    if (error == 0) {
      is_open_ = true;
      constexpr unsigned kNeeded = IORING_FEAT_EXT_ARG | IORING_FEAT_NODROP;
      return (params.features & kNeeded) == kNeeded ? 0 : ENOTSUP;
    }
    if (error != EINVAL) break;
  }
  return error;
}

int UringLoop::register_buffers() {
  if (!ring_memory_ || !buffers_) return ENOMEM;
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring_memory_.at(0));
  registration.ring_entries = kDatagramsPerWaitMax;
  registration.bgid = kBufferGroup;
  const int error = -io_uring_register_buf_ring(&ring_, &registration, 0);
  if (error != 0) return error;
  buffer_ring_ = reinterpret_cast<io_uring_buf_ring*>(ring_memory_.at(0));
  io_uring_buf_ring_init(buffer_ring_);
  for (std::uint16_t i = 0; i < kDatagramsPerWaitMax; ++i) give_back(i);
  return 0;
}

void UringLoop::give_back(std::uint16_t buffer) {
  io_uring_buf_ring_add(buffer_ring_, buffers_.at(buffer), kBufferOctets, buffer,
                        io_uring_buf_ring_mask(kDatagramsPerWaitMax), 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

// There is no feature bit for multishot recvmsg: one datagram through a socket pair tells.
int UringLoop::receives_multishot() {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) != 0) {
    return errno;
  }
  const Descriptor receiver(pair[0]);
  const Descriptor sender(pair[1]);
  constexpr WatchToken kProbe = 0xffffffffU;
  if (const int error = watch_datagrams(receiver.get(), kProbe); error != 0) return error;
  if (::send(sender.get(), "v", 1, MSG_DONTWAIT) != 1) return errno;
  Ready ready;
  const auto deadline = monotonic_now() + std::chrono::seconds(1);
  int error = wait(deadline, ready);
  if (error == 0 && ready.datagrams.size() != 1) error = ENOTSUP;
  if (error == 0 && !watches_.at(kProbe).is_armed) error = ENOTSUP;
  unwatch(kProbe);
  recycle();
  io_uring_submit(&ring_);
  return error;
}

int UringLoop::open(std::string_view* step) {
  layout_.msg_namelen = sizeof(sockaddr_storage);
  layout_.msg_controllen = kControlOctets;
  *step = "io_uring_setup";
  if (const int error = open_ring(); error != 0) return error;
  *step = "provided buffers";
  if (const int error = register_buffers(); error != 0) return error;
  *step = "multishot recvmsg";
  return receives_multishot();
}

io_uring_sqe* UringLoop::submission() {
  auto* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    io_uring_submit(&ring_);
    entry = io_uring_get_sqe(&ring_);
  }
  VIPPY_ASSERT(entry != nullptr);
  return entry;
}

int UringLoop::add(int fd, WatchToken token, Kind kind, short events) {
  if (const auto found = watches_.find(token); found != watches_.end()) {
    const auto& old = found->second;
    if (old.fd == fd && old.kind == kind && old.events == events) return 0;
    unwatch(token);
  }
  if (watches_.size() >= kWatchesMax) return ENOSPC;
  watches_[token] = {fd, kind, events, ++generation_, false};
  return 0;
}

int UringLoop::watch(int fd, WatchToken token, Interest interest) {
  short events = 0;
  if (interest != Interest::write) events = static_cast<short>(events | POLLIN);
  if (interest != Interest::read) events = static_cast<short>(events | POLLOUT);
  return add(fd, token, Kind::poll, events);
}

int UringLoop::watch_datagrams(int fd, WatchToken token) {
  return add(fd, token, Kind::datagrams, 0);
}

void UringLoop::cancel(std::uint64_t user_data) {
  auto* entry = submission();
  io_uring_prep_cancel64(entry, user_data, 0);
  io_uring_sqe_set_data64(entry, kIgnored);
}

void UringLoop::unwatch(WatchToken token) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;
  if (found->second.is_armed) {
    cancel(label(token, found->second));
    // The ring holds the descriptor's file until the cancel has been seen.
    io_uring_submit(&ring_);
  }
  watches_.erase(found);
}

// Polls are one-shot and armed again with the next submission: that costs no system call, gives
// level-triggered readiness and lets owners read a bounded part of what is there.
void UringLoop::arm(WatchToken token, Watch& watch) {
  auto* entry = submission();
  if (watch.kind == Kind::poll) {
    io_uring_prep_poll_add(entry, watch.fd, static_cast<unsigned>(watch.events));
  } else {
    io_uring_prep_recvmsg_multishot(entry, watch.fd, &layout_, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = kBufferGroup;
  }
  io_uring_sqe_set_data64(entry, label(token, watch));
  watch.is_armed = true;
}

// To wait for no time at all would still put this thread to sleep and wake it by a timer.
int UringLoop::enter(core::Duration patience) {
  if (patience <= core::Duration::zero()) return io_uring_submit_and_get_events(&ring_);
  const auto time = to_timespec(patience);
  __kernel_timespec timeout{};
  timeout.tv_sec = time.tv_sec;
  timeout.tv_nsec = time.tv_nsec;
  io_uring_cqe* first = nullptr;
  return io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
}

int UringLoop::wait(core::Instant deadline, Ready& out) {
  for (auto& [token, watch] : watches_) {
    if (!watch.is_armed) arm(token, watch);
  }
  int result = enter(std::min(time_left(deadline), kWaitMax));
  // Who was stopped and goes on must see what has come meanwhile before it judges anybody.
  if (result == -EINTR) result = enter(core::Duration::zero());
  // EBUSY: completions wait in the kernel's overflow list; reading the ring makes room.
  const bool is_normal =
      result >= 0 || result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY;
  if (!is_normal) return -result;
  unsigned head = 0;
  unsigned count = 0;
  io_uring_cqe* completion = nullptr;
  io_uring_for_each_cqe(&ring_, head, completion) {
    complete(*completion, out);
    ++count;
  }
  io_uring_cq_advance(&ring_, count);
  return 0;
}

void UringLoop::complete(const io_uring_cqe& completion, Ready& out) {
  const auto token = static_cast<WatchToken>(completion.user_data);
  const auto found = watches_.find(token);
  const bool is_known =
      found != watches_.end() && label(token, found->second) == completion.user_data;
  const bool has_buffer = (completion.flags & IORING_CQE_F_BUFFER) != 0;
  if (!is_known) {
    const auto buffer = completion.flags >> IORING_CQE_BUFFER_SHIFT;
    if (has_buffer) give_back(static_cast<std::uint16_t>(buffer));
    return;
  }
  auto& watch = found->second;
  if ((completion.flags & IORING_CQE_F_MORE) == 0) watch.is_armed = false;
  if (watch.kind == Kind::poll) {
    out.tokens.push_back(token);
    return;
  }
  if (has_buffer) receive(completion, token, out);
  // ENOBUFS only says that this batch is full: the next wait() comes with buffers given back.
  if (completion.res < 0 && completion.res != -ENOBUFS && completion.res != -EINTR) {
    out.tokens.push_back(token);
  }
}

void UringLoop::receive(const io_uring_cqe& completion, WatchToken token, Ready& out) {
  const auto buffer = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
  handed_out_.push_back(buffer);
  auto* message = io_uring_recvmsg_validate(buffers_.at(buffer), completion.res, &layout_);
  if (message == nullptr) return;
  RawDatagram raw;
  raw.token = token;
  raw.payload = {static_cast<const std::uint8_t*>(io_uring_recvmsg_payload(message, &layout_)),
                 io_uring_recvmsg_payload_length(message, completion.res, &layout_)};
  raw.source = static_cast<const sockaddr*>(io_uring_recvmsg_name(message));
  raw.source_length = message->namelen;
  raw.control.msg_control =
      static_cast<std::uint8_t*>(io_uring_recvmsg_name(message)) + layout_.msg_namelen;
  raw.control.msg_controllen = std::min<std::size_t>(message->controllen, kControlOctets);
  out.datagrams.push_back(raw);
}

void UringLoop::recycle() {
  for (const auto buffer : handed_out_) give_back(buffer);
  handed_out_.clear();
}

}  // namespace

std::unique_ptr<Loop> make_uring_loop(std::string* cause) {
  auto loop = std::make_unique<UringLoop>();
  std::string_view step;
  const int error = loop->open(&step);
  if (error == 0) return loop;
  *cause = explain_uring_refusal(step, error);
  return nullptr;
}

}  // namespace vippy::platform
