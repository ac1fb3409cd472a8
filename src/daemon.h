// The pump: wait, decode, step, encode, perform. Nothing here knows what a VIP or a peer means.
//
// Purpose: carry events from the platform to the node and actions back, in batches.
// Purity:  one thread (what takes long is handed to another one as a value, and comes back as one),
//          one clock reading for a batch; everything outside comes through Outside.
// Bounds:  kEventsPerWait events a wait(), kWaitsPerTurn waits before deadlines are judged.
// Errors:  a bad datagram, request or file becomes an input, a reply or a log line; nothing throws.
// Order:   all that the kernel has received is read before Tick lets silence be judged; requests
//          leave in the order of the actions, log lines after them.
// Source:  docs/architecture.md, "The one-way road".
#pragma once

#include <array>
#include <functional>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "config_news.h"
#include "core/keys.h"
#include "core/node.h"
#include "core/worst.h"
#include "ctl/server.h"
#include "guard_link.h"
#include "log.h"
#include "platform/platform.h"

namespace vippy::hall {

// What the daemon needs besides the platform; tests and the simulator bring their own.
struct Outside {
  // Reads the configuration again (reload); problems are those of the file and of the text. Called
  // beside the loop, also when the daemon is gone: what it needs is its own.
  std::function<core::ConfigReading()> read_config;
  std::function<std::unique_ptr<LogSink>(const core::Logging&)> open_log;
  std::string config_name;  // put before problems: the file's name
  // What the file is now. Called beside the loop, as read_config; may be empty.
  std::function<ConfigLook()> look_at_config;
  // What is logged, as a value too; may be empty.
  std::function<void(const core::LogEvent&)> on_event;
  std::function<std::string()> http_date;  // "Sun, 22 Nov 2026 08:13:24 GMT"
  // Empty: there is no guard (one process has none to look after many nodes).
  std::function<std::unique_ptr<GuardLink>()> make_guard;
  // What could not be had, each with its remedy. Empty: this process is scheduled as it is.
  std::function<std::vector<std::string>(unsigned realtime, bool lock_memory)> schedule;
};

class Daemon {
 public:
  Daemon(platform::Platform& platform, std::string identity, Outside outside);

  // Hands the first configuration in.
  void start(const core::Config& config);

  // One turn of the pump; blocks until there is something to do. The exit code when all is done.
  [[nodiscard]] std::optional<int> turn();

  // When turn() has something to do at the latest, events aside.
  [[nodiscard]] core::Instant next_deadline() const;

  [[nodiscard]] core::Status status() const;
  [[nodiscard]] const core::Node& node() const { return node_; }

 private:
  // Together more than the kernel can have kept for us: a receive buffer of 4 MiB holds at most
  // 5,461 datagrams, each of which costs it 768 octets or more. So even in a flood everything that
  // was there when a turn began is read before silence is judged.
  static constexpr std::size_t kEventsPerWait = 256;
  static constexpr std::size_t kWaitsPerTurn = 64;
  // What moves with thousands of groups is told line by line: so many, fewer while addresses are on
  // their way, and then a pause. With a fixed priority nobody else runs here before it.
  static constexpr std::size_t kLinesAtOnce = 64;
  static constexpr std::size_t kLinesBeside = 16;
  static constexpr core::Duration kLogPause = std::chrono::milliseconds(1);
  static_assert(kEventsPerWait * kWaitsPerTurn > (4U << 20U) / 768);

  // platform events, left of the node
  void on(const platform::Datagram& event);
  void on(const platform::TableBegin& event);
  void on(const platform::TableComplete& event);
  void on(const platform::LinkChanged& event);
  void on(const platform::AddressChanged& event);
  void on(const platform::NeighbourChanged& event);
  void on(const platform::Outcome& event);
  void on(const platform::StreamOpened& event);
  void on(const platform::StreamBytes& event);
  void on(const platform::StreamClosed& event);
  void on(const platform::SignalCaught& event);
  void on(const platform::Notice& event);
  void on(const platform::ChatRouted& event);
  void on(const platform::FrameHeard& event);
  void on(const platform::SendFailed& event);
  void on(const platform::WorkDone& event);
  void step(const core::Input& input) { node_.step(input, now_, actions_); }
  struct ReadConfig {
    core::ConfigReading reading;
    std::optional<core::Prepared> prepared;
  };
  void reload();
  void use(ReadConfig&& read);
  void use(core::ContentPrepared&& content) { step(std::move(content)); }
  void use(ConfigLook&& look);
  // The work makes a value beside the loop; use() has it when it is done.
  template <typename Work>
  void run_beside(Work work) {
    using Value = decltype(work());
    auto made = std::make_shared<std::optional<Value>>();
    finish_.push_back([this, made] { use(std::move(**made)); });
    platform_.perform(platform::RunBeside{[made, work = std::move(work)] { *made = work(); }});
  }
  void append_own_troubles(core::Status& status) const;
  void on_message(const platform::Datagram& event);

  [[nodiscard]] bool is_due() const;
  void judge();

  // the guard
  void look_at_fence();
  void beat();
  void keep_books(platform::RequestId id, core::FailureKind failure);
  void hold(const platform::HeldAddress& held);
  void let_go(const platform::HeldAddress& held);

  // the operator: daemon_operator.cpp
  void answer(ctl::ServerOutput& output);
  [[nodiscard]] bool must_wait(const ctl::Question& question);
  [[nodiscard]] core::Instant answer_by() const;
  void answer_waiting();
  [[nodiscard]] ctl::Answer answer_to(const ctl::GetStatus&) const;
  [[nodiscard]] ctl::Answer answer_to(const ctl::GiveOrder& order);

  // actions, right of the node
  void perform_actions();
  void write_log();
  [[nodiscard]] core::Instant log_by() const;
  void perform(const core::OpenManagement& action);
  void perform(const core::OpenChat& action);
  void perform(const core::UseInjector& action);
  void perform(const core::SendAnnouncement& action);
  void perform(const core::UseSecrets& action);
  void perform(const core::SendMessage& action);
  void perform(const core::KeepWill& action);
  void perform(const core::UseGuard& action);
  void perform(const core::UseScheduling& action);
  void perform(const core::AddAddress& action);
  void perform(const core::RemoveAddress& action);
  void perform(const core::Advertise& action);
  void perform(const core::Listen& action);
  void perform(const core::WithdrawAdditions& action);
  void perform(const core::HarvestNeighbours& action);
  void perform(const core::Log& action);
  void perform(const core::SetLogging& action);
  void perform(const core::Exit& action);
  void perform(const core::PrepareContent& action);
  // The datagram of a message; valid until the next one.
  [[nodiscard]] std::span<const std::uint8_t> encoded(const core::Message& message);

  platform::Platform& platform_;
  Outside outside_;
  core::Node node_;
  ctl::Server server_;
  std::unique_ptr<LogSink> log_;
  std::string injector_;
  core::Instant now_;
  core::Actions actions_;
  std::deque<core::LogEvent> said_;  // not in the log yet
  core::Instant log_at_{};           // not before
  std::vector<core::LogEvent> told_;  // to whom asked for them, with the actions at hand
  std::array<platform::Event, kEventsPerWait> events_;
  std::string datagram_;  // memory that is used again
  std::vector<std::uint8_t> message_ = std::vector<std::uint8_t>(core::kDatagramOctetsMax);
  std::optional<core::Keyring> keys_;
  std::unique_ptr<GuardLink> guard_;  // null: none is wanted
  std::string management_;            // the path: what no other daemon here has
  std::vector<platform::WillTarget> route_;
  struct Asked {  // of the kernel, not answered yet
    platform::HeldAddress what;
    bool is_add = true;
  };
  std::map<platform::RequestId, Asked> asked_;
  using Held = std::set<platform::HeldAddress>;
  Held held_;    // in the kernel, or may be
  Held coming_;  // asked for
  core::Instant woke_;
  core::Worst lateness_;  // behind our own deadlines
  bool is_read_up_ = false;  // a datagram that came after we woke was read: none is older
  bool has_datagrams_ = false;  // in the events at hand
  bool has_frames_ = false;
  std::uint64_t frames_ignored_ = 0;
  std::set<std::string> warned_;  // of the configuration file, at the last reload
  std::deque<std::function<void()>> finish_;  // what is under way beside the loop, when it is done
  ConfigNews file_;
  std::vector<ctl::Question> waiting_;  // until the file was looked at, or answer_by()
  bool is_reading_ = false;
  bool must_read_again_ = false;  // asked for while it was being read
  std::optional<int> exit_code_;
};

}  // namespace vippy::hall
