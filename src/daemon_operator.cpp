// What an operator asks the daemon, and what the daemon says of itself.
#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

#include "core/graduate.h"
#include "ctl/render_json.h"
#include "daemon.h"

namespace vippy::hall {

core::Status Daemon::status() const {
  auto status = node_.status(now_);
  status.program = "vippyd " VIPPY_VERSION;
  status.platform = platform_.name();
  status.injector = injector_;
  status.counters.frames_ignored = frames_ignored_;
  status.turn_delay = lateness_.worst(now_).value;
  status.failover_bound += status.turn_delay;
  if (guard_) guard_->show(status, now_);
  append_own_troubles(status);
  return status;
}

void Daemon::append_own_troubles(core::Status& status) const {
  if (const auto late = lateness_.worst(now_); late.value > status.stale / 2) {
    const std::chrono::duration<double, std::milli> delay = late.value;
    status.troubles.push_back(
        {"", "", fmt::format("this machine came {:.1f} ms late to its own deadlines, more than "
                             "half of stale: {}, or set realtime",
                             delay.count(), core::advice_for(late.value)),
         now_ - late.at, now_ - late.at});
  }
  if (const auto age = file_.differs(node_.config().text_digest, now_)) {
    status.troubles.push_back(
        {"", "", fmt::format("{} is not what runs: it was changed and not reloaded yet, or refused "
                             "(`vippyd --check` and the log say why)", outside_.config_name),
         *age});
  }
  if (const auto hangs = file_.hangs(now_)) {
    status.troubles.push_back(
        {"", "", fmt::format("{} cannot be looked at, its file system does not answer: a reload "
                             "would wait, and what other nodes have newer",
                             outside_.config_name),
         *hangs});
  }
}

void Daemon::on(const platform::StreamOpened& event) {
  ctl::ServerOutput output;
  server_.on_opened(event.stream, {now_, outside_.http_date()}, output);
  answer(output);
}

void Daemon::on(const platform::StreamBytes& event) {
  ctl::ServerOutput output;
  server_.on_bytes(event.stream, event.bytes, {now_, outside_.http_date()}, output);
  answer(output);
}

void Daemon::on(const platform::StreamClosed& event) { server_.on_closed(event.stream); }

ctl::Answer Daemon::answer_to(const ctl::GetStatus&) const {
  return {200, ctl::render_json(status())};
}

ctl::Answer Daemon::answer_to(const ctl::GiveOrder& order) {
  auto reply = ctl::answer_to(order, node_.status(now_));
  if (reply.status == 202) step(core::OrderGiven{order.what, order.node});
  return reply;
}

// An operator who asks once is to see what the file is now.
bool Daemon::must_wait(const ctl::Question& question) {
  if (!outside_.look_at_config) return false;
  if (!std::holds_alternative<ctl::GetStatus>(question.command)) return false;
  if (file_.begin(now_)) run_beside(outside_.look_at_config);
  return file_.awaited_until() > now_;
}

core::Instant Daemon::answer_by() const {
  return waiting_.empty() ? core::Instant::max() : file_.awaited_until();
}

void Daemon::use(ConfigLook&& look) {
  file_.seen(look, now_);
  answer_waiting();
}

void Daemon::answer_waiting() {
  ctl::ServerOutput output;
  for (const auto& question : std::exchange(waiting_, {})) {
    server_.answer(question, answer_to(ctl::GetStatus{}), {now_, outside_.http_date()}, output);
  }
  answer(output);
}

void Daemon::answer(ctl::ServerOutput& output) {
  // An answer may bring the connection's next question: the list grows while it is walked.
  for (std::size_t i = 0; i < output.questions.size(); ++i) {
    const auto question = output.questions[i];
    if (must_wait(question)) {
      waiting_.push_back(question);
      continue;
    }
    auto reply = std::visit([this](const auto& command) { return answer_to(command); },
                            question.command);
    server_.answer(question, std::move(reply), {now_, outside_.http_date()}, output);
  }
  for (const auto& out : output.outgoing) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(out.bytes.data());
    platform_.perform(platform::StreamSend{out.stream, {begin, out.bytes.size()}});
    if (out.close) platform_.perform(platform::StreamClose{out.stream});
  }
}

}  // namespace vippy::hall
