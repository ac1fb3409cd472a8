#include "platform/linux/platform_linux.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <utility>

#include "platform/linux/address_requests.h"
#include "platform/linux/announcements.h"
#include "platform/linux/clock_linux.h"
#include "platform/linux/frame_listener.h"
#include "platform/linux/host_tables.h"
#include "platform/linux/signals.h"
#include "platform/linux/streams.h"
#include "platform/linux/worker.h"
#include "platform/notices.h"
#include "platform/os_error.h"

namespace vippy::platform {

namespace {

constexpr WatchToken kNetlinkToken = 1;
constexpr WatchToken kSignalToken = 2;
constexpr WatchToken kFramesToken = 3;
constexpr WatchToken kChatToken = 4;  // and those of the other sockets of the chat
constexpr WatchToken kWorkToken = 15;
constexpr WatchToken kStreamToken = 16;
static_assert(kChatToken + kChatSocketsMax <= kWorkToken);

bool is_chat(WatchToken token) {
  return token >= kChatToken && token < kChatToken + kChatSocketsMax;
}

// IFA_PROTO came with Linux 5.18.
bool kernel_keeps_tags() {
  utsname system{};
  if (::uname(&system) != 0) return false;
  char* rest = nullptr;
  const long major = std::strtol(system.release, &rest, 10);
  const long minor = *rest == '.' ? std::strtol(rest + 1, nullptr, 10) : 0;
  return major > 5 || (major == 5 && minor >= 18);
}

class LinuxPlatform final : public Platform {
 public:
  LinuxPlatform(LinuxOptions options, std::unique_ptr<Loop> loop);
  std::optional<StartFailure> start();
  void say(bool is_warning, std::string text) { notices_.say(is_warning, std::move(text)); }

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }
  [[nodiscard]] core::Instant now() const override { return monotonic_now(); }
  [[nodiscard]] std::uint64_t seed() override;
  [[nodiscard]] std::size_t wait(core::Instant deadline, std::span<Event> out) override;
  void perform(const Request& request) override;

 private:
  void on_request(const OpenChat& request);
  void on_request(const OpenManagement& request);
  void on_request(const UseInjector& request);
  void on_request(const SendDatagram& request);
  void on_request(const SendFrame& request);
  void on_request(const AddAddress& request);
  void on_request(const RemoveAddress& request) { requests_.remove(request); }
  void on_request(const WithdrawAdditions&) { requests_.withdraw_additions(outcomes_); }
  void on_request(const HarvestNeighbours& request);
  void on_request(const StreamSend& request);
  void on_request(const ListenFrames& request);
  void on_request(const StreamClose& request) { streams_.close(request, now()); }
  void on_request(const RunBeside& request) { worker_.run(request.work); }

  void failed_to_send(bool is_frame, int os_error);
  void release();
  void let_equals_run(core::Instant deadline);
  void flush_requests();
  void gather(core::Instant deadline);
  void dispatch();
  void collect_said();
  std::size_t deliver(std::span<Event> out);
  void read_netlink();
  void place_announcements(core::Instant at);
  void on_event(const TableBegin& event);
  void on_event(const TableComplete& event);
  void on_event(const LinkMessage& message);
  void on_event(const AddressMessage& message);
  void on_event(const NeighbourMessage& message);
  void learn_tags(const AddressMessage& message);
  void look_for_routes();
  std::string_view keep(std::string text);

  LinuxOptions options_;
  std::unique_ptr<Loop> loop_;
  std::string name_;
  Capabilities capabilities_;
  Notices notices_;
  Signals signals_;
  NetlinkWatcher watcher_;
  AddressRequests requests_;
  HostTables tables_;
  Announcements announcements_;
  std::vector<WillTarget> route_;  // what a pending ChatRouted points to
  Streams streams_;
  std::unique_ptr<packet::Injector> injector_;
  FrameListener listener_;
  Worker worker_;

  Ready ready_;
  std::vector<NetlinkEvent> netlink_events_;
  std::vector<Outcome> outcomes_;
  std::array<int, 2> send_errors_{};  // of a datagram, of a frame; not yet told
  std::vector<Event> pending_;     // gathered, not yet delivered
  std::size_t delivered_ = 0;      // of pending_
  std::deque<std::string> texts_;  // what views in pending_ point to
  core::Instant batch_now_{};
  core::Instant chat_empty_{};    // when the sockets of the chat were last read to the end
  bool is_netlink_asked_ = true;  // the tables of the start
  bool is_placing_due_ = false;   // links or addresses changed
  bool is_route_due_ = false;     // announcements may go elsewhere
  bool knows_tables_ = false;
  bool are_tags_proven_ = false;
  std::optional<AddAddress> first_added_;
};

LinuxPlatform::LinuxPlatform(LinuxOptions options, std::unique_ptr<Loop> loop)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      name_("linux/" + std::string(loop_->name())),
      streams_(*loop_, kStreamToken),
      listener_(*loop_, kFramesToken),
      batch_now_(monotonic_now()),
      chat_empty_(batch_now_) {
  capabilities_.address_tags = kernel_keeps_tags();
  capabilities_.address_lifetimes = true;
  capabilities_.neighbour_events = true;
  capabilities_.address_add_typical = std::chrono::microseconds(50);
}

std::optional<StartFailure> LinuxPlatform::start() {
  // Deadlines are met to the microsecond; the kernel's usual slack of 50 us is for desktops.
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  if (const int error = requests_.open(); error != 0) {
    return StartFailure{"netlink requests: " + explain(error)};
  }
  const int octets = options_.netlink_receive_octets;
  if (const int error = watcher_.open(octets, requests_.port()); error != 0) {
    return StartFailure{"netlink notifications: " + explain(error)};
  }
  if (const int error = signals_.open(); error != 0) {
    return StartFailure{"signals: " + explain(error)};
  }
  if (const int error = listener_.open(); error != 0) {
    return StartFailure{"listening to frames: " + explain(error)};
  }
  if (const int error = worker_.open(); error != 0) {
    return StartFailure{"a thread beside the loop: " + explain(error)};
  }
  int error = loop_->watch(watcher_.descriptor(), kNetlinkToken, Interest::read);
  if (error == 0) error = loop_->watch(worker_.descriptor(), kWorkToken, Interest::read);
  if (error == 0) error = loop_->watch(signals_.descriptor(), kSignalToken, Interest::read);
  if (error != 0) return StartFailure{name_ + ": " + explain(error)};
  if (options_.make_injector) injector_ = options_.make_injector(options_.injector, &error);
  if (options_.make_injector && injector_ == nullptr) {
    say(true, "frames cannot be sent by \"" + options_.injector + "\": " + explain(error));
  }
  return std::nullopt;
}

std::uint64_t LinuxPlatform::seed() {
  std::uint64_t value = 0;
  // Blocks only before the kernel's generator is seeded, which is long before any daemon.
  while (::getrandom(&value, sizeof(value), 0) < 0 && errno == EINTR) {
  }
  return value;
}

std::string_view LinuxPlatform::keep(std::string text) {
  texts_.push_back(std::move(text));
  return texts_.back();
}

// ---- waiting ----------------------------------------------------------------------------------

std::size_t LinuxPlatform::wait(core::Instant deadline, std::span<Event> out) {
  // Buffers are in use until everything is delivered; addresses need not wait for that.
  const bool is_delivered = delivered_ >= pending_.size();
  if (is_delivered) release();
  if (deadline != core::Instant::min()) {
    flush_requests();
    let_equals_run(deadline);
  }
  if (is_delivered) gather(deadline);
  return deliver(out);
}

// With a fixed priority nobody of the same one runs until we sleep, and with thousands of addresses
// on their way we do not: another vippyd on this processor would be silent as long.
void LinuxPlatform::let_equals_run(core::Instant deadline) {
  const auto policy = [] { return ::sched_getscheduler(0) & ~SCHED_RESET_ON_FORK; };
  if (deadline <= now() && policy() != SCHED_OTHER) ::sched_yield();
}

void LinuxPlatform::release() {
  pending_.clear();
  delivered_ = 0;
  texts_.clear();
  loop_->recycle();
}

std::size_t LinuxPlatform::deliver(std::span<Event> out) {
  const auto count = std::min(out.size(), pending_.size() - delivered_);
  for (std::size_t i = 0; i < count; ++i) out[i] = pending_[delivered_ + i];
  delivered_ += count;
  return count;
}

void LinuxPlatform::flush_requests() {
  if (requests_.empty()) return;
  requests_.flush(tables_, outcomes_);
  if (requests_.take_doubt()) look_for_routes();
  if (requests_.promotion_error() == 0) return;
  notices_.warn_limited("promotion",
                        "promote_secondaries could not be set while an address was "
                        "removed: " +
                            explain(requests_.promotion_error()) +
                            "; secondary addresses may have gone with it",
                        now());
}

void LinuxPlatform::collect_said() {
  for (const auto& outcome : outcomes_) pending_.emplace_back(outcome);
  outcomes_.clear();
  for (const auto& change : requests_.take_changes()) {
    if (!change.exists) watcher_.on_route_removed();
    on_event(change);
  }
  streams_.take_broken(pending_);
  for (const bool is_frame : {false, true}) {
    const int error = std::exchange(send_errors_[is_frame ? 1 : 0], 0);
    if (error != 0) pending_.emplace_back(SendFailed{is_frame, error});
  }
  if (std::exchange(is_route_due_, false)) {
    route_ = announcements_.route();
    pending_.emplace_back(ChatRouted{route_});
  }
  NoticeText notice;
  while (notices_.take(notice)) {
    pending_.emplace_back(Notice{notice.is_warning, keep(std::move(notice.text))});
  }
}

void LinuxPlatform::gather(core::Instant deadline) {
  collect_said();
  for (;;) {
    if (std::exchange(is_netlink_asked_, false)) read_netlink();
    auto until = std::min({deadline, streams_.next_deadline(), listener_.next_deadline()});
    // Something is to be done already: only look what else is there.
    if (!pending_.empty() || !requests_.empty()) until = core::Instant{};
    ready_.clear();
    if (const int error = loop_->wait(until, ready_); error != 0) {
      notices_.warn_limited("loop", name_ + ": " + explain(error), monotonic_now());
    }
    dispatch();
    collect_said();
    if (!pending_.empty() || !requests_.empty() || batch_now_ >= deadline) return;
  }
}

void LinuxPlatform::dispatch() {
  const auto reading = read_clocks();
  batch_now_ = reading.now;
  ReceiveClock clock{chat_empty_, reading.now, reading.realtime_lead};
  bool has_frames = false;
  for (const auto token : ready_.tokens) {
    if (token == kFramesToken) {
      has_frames = true;
    } else if (token == kNetlinkToken) {
      read_netlink();
    } else if (token == kSignalToken) {
      signals_.read(pending_);
    } else if (token == kWorkToken) {
      pending_.insert(pending_.end(), worker_.take_done(), WorkDone{});
    } else if (is_chat(token)) {
      announcements_.on_error(token - kChatToken, notices_, clock.now);
    } else if (streams_.is_ours(token)) {
      streams_.on_ready(token, pending_, notices_, clock.now);
    }
  }
  for (const auto& raw : ready_.datagrams) {
    const auto datagram = announcements_.decode(raw.token - kChatToken, raw, clock);
    if (datagram) pending_.emplace_back(*datagram);
  }
  // What did not fit stays in the socket, and is older than the next batch. Only a batch without
  // datagrams is sure to have been all: the ring breaks a flood off where it likes.
  if (ready_.datagrams.empty()) chat_empty_ = clock.now - kReadingTime;
  listener_.hear(has_frames, clock, pending_);
  streams_.on_deadline(notices_, clock.now);
}

// ---- kernel tables ----------------------------------------------------------------------------

void LinuxPlatform::read_netlink() {
  const auto at = monotonic_now();
  netlink_events_.clear();
  watcher_.read(netlink_events_, notices_, at);
  for (const auto& event : netlink_events_) {
    std::visit([this](const auto& one) { on_event(one); }, event);
  }
  if (!knows_tables_ || !std::exchange(is_placing_due_, false)) return;
  place_announcements(at);
}

void LinuxPlatform::place_announcements(core::Instant at) {
  announcements_.reconcile(tables_, notices_, at);
  is_route_due_ = true;
}

void LinuxPlatform::on_event(const TableBegin& event) {
  tables_.begin(event.table);
  pending_.emplace_back(event);
}

void LinuxPlatform::on_event(const TableComplete& event) {
  tables_.complete(event.table);
  pending_.emplace_back(event);
  if (event.table == Table::neighbours) return;
  for (const auto index : listener_.listening()) {
    if (event.table == Table::links && tables_.link(index) == nullptr) listener_.stop(index);
  }
  is_placing_due_ = true;
  if (event.table == Table::addresses) knows_tables_ = true;
}

void LinuxPlatform::on_event(const LinkMessage& message) {
  const auto* earlier = tables_.link(message.index);
  const bool is_other = earlier != nullptr && (!message.exists || earlier->name != message.name);
  const bool was_running = earlier != nullptr && earlier->is_running;
  if (is_other && injector_ != nullptr) injector_->forget(message.index);
  if (!message.exists) listener_.stop(message.index);
  if (!tables_.on_link(message)) return;
  is_placing_due_ = true;
  if (message.exists && was_running != message.is_running && knows_tables_) look_for_routes();
  pending_.emplace_back(LinkChanged{message.index, keep(std::string(message.name)), message.mac,
                                    message.exists, message.is_running, message.is_ethernet,
                                    message.forwards_ipv6, message.is_loopback});
}

// The kernel drops an interface's routes without a word.
void LinuxPlatform::look_for_routes() {
  watcher_.ask(Table::addresses);
  is_netlink_asked_ = true;
}

void LinuxPlatform::on_event(const AddressMessage& message) {
  if (message.plumb == core::Plumb::route) {
    if (message.protocol != kAddressTag) return;
    pending_.emplace_back(
        AddressChanged{message.index, message.prefix, message.exists, true, message.plumb});
    return;
  }
  learn_tags(message);
  const bool is_last_v4 = !message.exists && message.prefix.address.is_v4() &&
                          tables_.address(message.index, message.prefix) != nullptr;
  const bool is_tagged = message.protocol == kAddressTag;
  if (!tables_.on_address(message, is_tagged)) return;
  is_placing_due_ = true;
  if (is_last_v4 && !tables_.has_ipv4(message.index)) look_for_routes();
  pending_.emplace_back(AddressChanged{message.index, message.prefix, message.exists, is_tagged});
}

void LinuxPlatform::on_event(const NeighbourMessage& message) {
  pending_.emplace_back(
      NeighbourChanged{message.index, message.address, message.mac, message.exists});
}

// The version tells what to expect; the first address that shows a tag, or lacks ours, settles it.
void LinuxPlatform::learn_tags(const AddressMessage& message) {
  if (are_tags_proven_ || !message.exists) return;
  const bool is_ours = first_added_ && first_added_->index == message.index &&
                       first_added_->prefix == message.prefix;
  if (!message.protocol && !is_ours) return;
  are_tags_proven_ = true;
  capabilities_.address_tags = message.protocol.has_value();
  if (capabilities_.address_tags) return;
  say(true,
      "the kernel does not keep address tags (IFA_PROTO, Linux 5.18): addresses left by a "
      "killed vippyd cannot be told from others");
}

// ---- requests ---------------------------------------------------------------------------------

void LinuxPlatform::perform(const Request& request) {
  std::visit([this](const auto& one) { on_request(one); }, request);
}

void LinuxPlatform::on_request(const OpenChat& request) {
  for (std::size_t i = 0; i < kChatSocketsMax; ++i) {
    loop_->unwatch(kChatToken + static_cast<WatchToken>(i));
  }
  int error = announcements_.open(request);
  auto token = kChatToken;
  for (const auto& socket : announcements_.sockets()) {
    const int watch_error = loop_->watch_datagrams(socket.descriptor(), token++);
    if (error == 0) error = watch_error;
  }
  if (error == 0 && knows_tables_) place_announcements(now());
  outcomes_.push_back({request.id, error});
}

void LinuxPlatform::on_request(const OpenManagement& request) {
  outcomes_.push_back({request.id, streams_.open(request, notices_)});
}

void LinuxPlatform::on_request(const UseInjector& request) {
  int error = ENOTSUP;
  auto injector = options_.make_injector ? options_.make_injector(request.name, &error) : nullptr;
  const bool is_made = injector != nullptr;
  if (is_made) injector_ = std::move(injector);
  outcomes_.push_back({request.id, is_made ? 0 : error});
}

void LinuxPlatform::on_request(const SendDatagram& request) {
  failed_to_send(false, announcements_.send(request.bytes, tables_, notices_, now()));
}

void LinuxPlatform::failed_to_send(bool is_frame, int os_error) {
  auto& first = send_errors_[is_frame ? 1 : 0];
  if (first == 0) first = os_error;
}

void LinuxPlatform::on_request(const SendFrame& request) {
  const int error =
      injector_ == nullptr ? ENOTSUP : injector_->inject(request.index, request.bytes);
  if (error == 0) return;
  failed_to_send(true, error);
  const auto* link = tables_.link(request.index);
  const auto where = link == nullptr ? "interface " + std::to_string(request.index) : link->name;
  notices_.warn_limited("frame " + where + std::to_string(error),
                        "a frame was not sent on " + where + ": " + explain(error), now());
}

void LinuxPlatform::on_request(const ListenFrames& request) {
  if (!request.on) return listener_.stop(request.index);
  const auto* link = tables_.link(request.index);
  const bool is_ethernet = link == nullptr || link->is_ethernet;
  const int error = is_ethernet ? listener_.listen(request.index) : ENOTSUP;
  if (error == 0) return;
  const auto where = link == nullptr ? "interface " + std::to_string(request.index) : link->name;
  const auto why = is_ethernet ? explain(error) : "it is no Ethernet interface";
  notices_.warn_limited("listen " + where,
                        "the neighbours' frames are not heard on " + where + ": " + why +
                            "; another host with one of our addresses goes unnoticed there",
                        now());
}

void LinuxPlatform::on_request(const AddAddress& request) {
  // A lifetime is for what is ours.
  if (request.renew && capabilities_.address_tags &&
      tables_.is_foreign(request.index, request.prefix)) {
    outcomes_.push_back({request.id, EEXIST});
    return;
  }
  const bool is_first = !are_tags_proven_ && !first_added_;
  if (is_first && request.plumb == core::Plumb::address) first_added_ = request;
  requests_.add(request);
}

void LinuxPlatform::on_request(const HarvestNeighbours& /*request*/) {
  watcher_.ask(Table::neighbours);
  is_netlink_asked_ = true;
  announcements_.see_off_askers();  // now and then is enough
}

void LinuxPlatform::on_request(const StreamSend& request) {
  streams_.send(request, notices_, now());
}

}  // namespace

core::Result<std::unique_ptr<Platform>, StartFailure> make_linux_platform(LinuxOptions options) {
  auto selected = select_loop(options.loop, std::getenv("VIPPY_LOOP"));
  if (selected.loop == nullptr) return core::failure(StartFailure{selected.text});
  auto platform = std::make_unique<LinuxPlatform>(std::move(options), std::move(selected.loop));
  platform->say(selected.is_fallback, selected.text);
  if (auto failed = platform->start()) return core::failure(std::move(*failed));
  return std::unique_ptr<Platform>(std::move(platform));
}

}  // namespace vippy::platform
