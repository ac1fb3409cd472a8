#include "daemon.h"

#include <fmt/format.h>

#include <utility>

#include "config_file.h"
#include "core/graduate.h"
#include "core/limits.h"
#include "core/wire1.h"
#include "core/wire2.h"
#include "frames.h"
#include "log_text.h"
#include "platform/os_error.h"

namespace vippy::hall {

namespace {

core::KernelTable core_table(platform::Table table) {
  switch (table) {
    case platform::Table::links: return core::KernelTable::links;
    case platform::Table::addresses: return core::KernelTable::addresses;
    case platform::Table::neighbours: return core::KernelTable::neighbours;
  }
  return core::KernelTable::links;
}

core::NodeTraits traits_of(const platform::Capabilities& capabilities) {
  return {capabilities.address_tags, capabilities.address_lifetimes,
          capabilities.break_before_make, capabilities.address_add_typical};
}

}  // namespace

Daemon::Daemon(platform::Platform& platform, std::string identity, Outside outside)
    : platform_(platform),
      outside_(std::move(outside)),
      node_(std::move(identity), traits_of(platform.capabilities()), platform.seed()),
      log_(outside_.open_log(core::Logging{})),
      now_(platform.now()) {}

void Daemon::start(const core::Config& config) {
  now_ = platform_.now();
  step(core::ConfigLoaded{config});
  perform_actions();
  log_->flush();
}

std::optional<int> Daemon::turn() {
  // Before wait() sends what is queued, and each time that we may have stood still.
  now_ = platform_.now();
  look_at_fence();
  auto deadline = std::max(next_deadline(), core::Instant{});  // the least one has a meaning
  const auto due = std::max(deadline, now_);
  std::size_t count = 0;
  std::size_t waits = 0;
  is_read_up_ = false;
  std::size_t frames_only = 0;
  do {
    has_datagrams_ = has_frames_ = false;
    count = platform_.wait(deadline, events_);
    now_ = platform_.now();
    look_at_fence();
    if (waits == 0) {
      // What waited for us until we woke is older, and is to be read first.
      woke_ = now_;
      if (now_ > due) lateness_.note(now_ - due, now_);
      if (guard_) guard_->beat(now_);  // a turn may be long, and we are alive
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::visit([this](const auto& event) { on(event); }, events_[i]);
    }
    // Requests and replies do not wait for the rest of a flood. What is asked of the kernel goes
    // batch by batch, one a turn: deadlines are judged between them.
    perform_actions();
    if (!is_due()) break;
    deadline = core::Instant::min();
    // A storm of frames may go on for ever, and datagrams are told of first. The first batch of
    // frames alone may be what was left of an earlier look at the sockets, the second is not.
    frames_only = has_frames_ && !has_datagrams_ ? frames_only + 1 : 0;
    is_read_up_ = is_read_up_ || frames_only > 1;
  } while (count > 0 && ++waits < kWaitsPerTurn && !is_read_up_ && !exit_code_);
  if (is_due()) judge();
  beat();
  log_->flush();
  return exit_code_;
}

// Most of what is heard says only that a peer is there: it need not wake more than this.
bool Daemon::is_due() const {
  return node_.is_due(now_) || server_.next_deadline() <= now_ || answer_by() <= now_ ||
         log_by() <= now_;
}

void Daemon::judge() {
  step(core::Tick{});
  if (server_.next_deadline() <= now_) {
    ctl::ServerOutput output;
    server_.expire({now_, outside_.http_date()}, output);
    answer(output);
  }
  if (answer_by() <= now_) answer_waiting();
  perform_actions();
}

core::Instant Daemon::next_deadline() const {
  const auto earliest =
      std::min({node_.next_deadline(), server_.next_deadline(), answer_by(), log_by()});
  return guard_ ? std::min(earliest, guard_->beat_by()) : earliest;
}

// ---- the guard --------------------------------------------------------------------------------

// Before anything else is done: what we held may be somebody else's now.
void Daemon::look_at_fence() {
  const auto left = guard_ ? guard_->was_fenced(now_) : std::nullopt;
  if (!left) return;
  step(core::Fenced{*left});
  perform_actions();
}

void Daemon::beat() {
  if (!guard_) return;
  guard_->beat(platform_.now());
  while (const auto notice = guard_->take_notice()) {
    log_->write(notice->priority, notice->text);
  }
}

// What is in the kernel, or may be, stands on the guard's board.
void Daemon::keep_books(platform::RequestId id, core::FailureKind failure) {
  const auto found = asked_.find(id);
  if (found == asked_.end()) return;
  const auto [what, is_add] = found->second;
  asked_.erase(found);
  if (is_add) coming_.erase(what);
  const bool is_gone = failure == core::FailureKind::none ||
                       failure == core::FailureKind::not_there ||
                       failure == core::FailureKind::no_interface;
  if (is_gone != is_add) let_go(what);
}

void Daemon::hold(const platform::HeldAddress& held) {
  held_.insert(held);
  if (guard_) guard_->holding(held);
}

void Daemon::let_go(const platform::HeldAddress& held) {
  if (held_.erase(held) > 0 && guard_) guard_->let_go(held);
}

// ---- left of the node -------------------------------------------------------------------------

void Daemon::on(const platform::Datagram& event) {
  has_datagrams_ = true;
  is_read_up_ = is_read_up_ || event.received > woke_;
  if (core::is_wire2(event.bytes)) return on_message(event);
  auto announcement = core::decode_announcement(event.bytes);
  if (!announcement) {
    step(core::DatagramRefused{announcement.error(), event.source});
  } else {
    step(core::AnnouncementHeard{std::move(*announcement), event.source, event.received});
  }
}

void Daemon::on_message(const platform::Datagram& event) {
  if (!keys_) return;  // nothing was configured yet
  auto message = core::decode_wire2(event.bytes, *keys_);
  if (!message) {
    step(core::MessageRefused{message.error(), event.source});
  } else {
    step(core::MessageHeard{std::move(*message), event.source, event.received,
                            event.interface_index});
  }
}

void Daemon::on(const platform::TableBegin& event) {
  step(core::TableBegin{core_table(event.table)});
}

void Daemon::on(const platform::TableComplete& event) {
  step(core::TableComplete{core_table(event.table)});
}

void Daemon::on(const platform::LinkChanged& event) {
  step(core::LinkSeen{event.index, std::string(event.name), event.mac, event.exists,
                      event.is_running, event.is_ethernet, event.forwards_ipv6,
                      event.is_loopback});
}

void Daemon::on(const platform::AddressChanged& event) {
  // What was asked for may be there by now.
  const platform::HeldAddress what{event.index, event.prefix, event.plumb};
  if (!event.exists && !coming_.contains(what)) let_go(what);
  // What an earlier run left behind is ours as well, before and after it is adopted.
  if (event.exists && event.is_tagged) hold(what);
  step(core::AddressSeen{event.index, event.prefix, event.exists, event.is_tagged, event.plumb});
}

void Daemon::on(const platform::NeighbourChanged& event) {
  step(core::NeighbourSeen{event.index, event.address, event.mac, event.exists});
}

void Daemon::on(const platform::Outcome& event) {
  const auto failure = platform::classify(event.os_error);
  if (failure == core::FailureKind::other) {
    log_->write(core::Priority::err, "the system refused: " + platform::explain(event.os_error));
  }
  keep_books(event.id, failure);
  step(core::OutcomeArrived{event.id, failure});
}

void Daemon::on(const platform::SignalCaught& event) {
  switch (event.signal) {
    case platform::Signal::stop: step(core::StopRequested{}); return;
    case platform::Signal::reload: reload(); return;
  }
}

void Daemon::on(const platform::Notice& event) {
  log_->write(event.is_warning ? core::Priority::err : core::Priority::notice, event.text);
}

void Daemon::on(const platform::FrameHeard& event) {
  has_frames_ = true;
  auto spoke = spoken_by(event.bytes);
  if (!spoke) {
    ++frames_ignored_;
    return;
  }
  spoke->index = event.index;
  spoke->received = event.received;
  step(*spoke);
}

void Daemon::on(const platform::ChatRouted& event) {
  route_.assign(event.targets.begin(), event.targets.end());
  if (guard_) guard_->set_route(route_);
}

void Daemon::on(const platform::SendFailed& event) {
  step(core::SendRefused{event.is_frame, platform::classify(event.os_error)});
}

void Daemon::on(const platform::WorkDone&) {
  const auto finish = std::move(finish_.front());
  finish_.pop_front();
  finish();
}

void Daemon::reload() {
  must_read_again_ = std::exchange(is_reading_, true);
  if (must_read_again_) return;
  run_beside([read = outside_.read_config] {
    ReadConfig out{read(), std::nullopt};
    if (out.reading.config) out.prepared = core::prepare(out.reading.config->shared);
    return out;
  });
}

void Daemon::use(ReadConfig&& read) {
  is_reading_ = false;
  if (std::exchange(must_read_again_, false)) return reload();
  file_.forget();
  auto& reading = read.reading;
  std::vector<std::string> errors;
  std::set<std::string> warnings;
  for (const auto& problem : reading.problems) {
    auto line = placed(outside_.config_name, problem);
    if (problem.severity == core::Severity::error) {
      errors.push_back(std::move(line));
    } else if (warnings.insert(line).second && !warned_.contains(line)) {
      log_->write(core::Priority::err, line);  // as the platform's: a mask that drops them is usual
    }
  }
  warned_ = std::move(warnings);
  if (reading.config) {
    return step(core::ConfigLoaded{std::move(*reading.config), std::move(read.prepared)});
  }
  // A single one is said by the refusal.
  if (errors.size() == 1) return step(core::ConfigRefused{1, errors.front()});
  for (const auto& line : errors) log_->write(core::Priority::err, line);
  step(core::ConfigRefused{errors.size(), fmt::format("{} errors, said above", errors.size())});
}

// ---- right of the node ------------------------------------------------------------------------

void Daemon::perform_actions() {
  for (const auto& action : actions_) {
    std::visit([this](const auto& what) { perform(what); }, action);
  }
  actions_.clear();
  for (const auto& event : std::exchange(told_, {})) outside_.on_event(event);
  write_log();
}

core::Instant Daemon::log_by() const {
  return said_.empty() ? core::Instant::max() : log_at_;
}

// Words come last: nobody waits for them.
void Daemon::write_log() {
  if (log_by() > now_ && !exit_code_) return;
  const auto most = coming_.empty() ? kLinesAtOnce : kLinesBeside;
  for (std::size_t i = 0; !said_.empty() && (i < most || exit_code_); ++i) {
    const auto line = describe(said_.front());
    log_->write(line.priority, line.text);
    said_.pop_front();
  }
  if (!said_.empty()) log_at_ = now_ + kLogPause;
}

void Daemon::perform(const core::OpenManagement& action) {
  management_ = action.path;
  platform_.perform(platform::OpenManagement{action.id, action.path, action.mode});
}

void Daemon::perform(const core::OpenChat& action) {
  platform_.perform(
      platform::OpenChat{.id = action.id,
                         .group = action.address,
                         .port = action.port,
                         .interfaces = action.interfaces,
                         .peers = action.peers,
                         .own = platform::OwnMark{core::kSessionOffset, action.own_session}});
}

void Daemon::perform(const core::UseInjector& action) {
  injector_ = core::kInjectNames[static_cast<std::size_t>(action.inject)];
  platform_.perform(platform::UseInjector{action.id, injector_});
}

void Daemon::perform(const core::SendAnnouncement& action) {
  core::encode(action.announcement, datagram_);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(datagram_.data());
  platform_.perform(platform::SendDatagram{{begin, datagram_.size()}});
}

void Daemon::perform(const core::UseSecrets& action) {
  std::vector<std::string_view> secrets(action.secrets.begin(), action.secrets.end());
  keys_.emplace(secrets);
}

void Daemon::perform(const core::SendMessage& action) {
  platform_.perform(platform::SendDatagram{encoded(action.message)});
}

std::span<const std::uint8_t> Daemon::encoded(const core::Message& message) {
  return std::span(message_).first(core::encode(message, *keys_, message_));
}

void Daemon::perform(const core::KeepWill& action) {
  if (!guard_) return;
  if (const auto* plain = std::get_if<core::Announcement>(&action.message)) {
    core::encode(*plain, datagram_);
    const auto* begin = reinterpret_cast<const std::uint8_t*>(datagram_.data());
    guard_->set_will({begin, datagram_.size()});
    return;
  }
  guard_->set_will(encoded(std::get<core::Message>(action.message)));
}

void Daemon::perform(const core::UseGuard& action) {
  if (!action.is_wanted && guard_) {
    guard_->leave_cleanly();
    guard_.reset();
  }
  if (!action.is_wanted || !outside_.make_guard) return;
  if (!guard_) guard_ = outside_.make_guard();
  guard_->set_times({action.stale, action.kill_after, action.hand_over,
                     static_cast<int>(action.realtime)});
  if (guard_->is_started()) return;
  static_cast<void>(guard_->start(
      {.name = management_, .has_tags = platform_.capabilities().address_tags}, now_));
  guard_->set_route(route_);
  for (const auto& held : held_) guard_->holding(held);
}

void Daemon::perform(const core::UseScheduling& action) {
  if (!outside_.schedule) return;
  for (const auto& problem : outside_.schedule(action.realtime, action.lock_memory)) {
    log_->write(core::Priority::err, problem);
  }
}

void Daemon::perform(const core::AddAddress& action) {
  const platform::HeldAddress what{action.index, action.prefix, action.plumb};
  hold(what);
  if (!action.renew) {
    asked_[action.id] = {what, true};
    coming_.insert(what);
  }
  platform_.perform(platform::AddAddress{action.id, action.index, action.prefix, action.lifetime,
                                         action.renew, action.plumb});
}

void Daemon::perform(const core::RemoveAddress& action) {
  asked_[action.id] = {{action.index, action.prefix, action.plumb}, false};
  platform_.perform(
      platform::RemoveAddress{action.id, action.index, action.prefix, action.plumb});
}

void Daemon::perform(const core::Advertise& action) {
  const auto frame = frame_of(action);
  platform_.perform(platform::SendFrame{action.index, frame.bytes()});
}

void Daemon::perform(const core::Listen& action) {
  platform_.perform(platform::ListenFrames{action.index, action.on});
}

void Daemon::perform(const core::PrepareContent& action) {
  run_beside([task = action.task] { return core::prepare(*task); });
}

void Daemon::perform(const core::WithdrawAdditions&) {
  platform_.perform(platform::WithdrawAdditions{});
}

void Daemon::perform(const core::HarvestNeighbours&) {
  platform_.perform(platform::HarvestNeighbours{});
}

void Daemon::perform(const core::Log& action) {
  said_.push_back(action.event);
  if (outside_.on_event) told_.push_back(action.event);
}

void Daemon::perform(const core::SetLogging& action) { log_ = outside_.open_log(action.logging); }

void Daemon::perform(const core::Exit& action) {
  exit_code_ = action.code;
  // What could not be removed, the guard tries to remove.
  if (guard_ && action.is_clean) guard_->leave_cleanly();
}

}  // namespace vippy::hall
