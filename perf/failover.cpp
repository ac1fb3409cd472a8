#include "perf/failover.h"

#include <algorithm>
#include <numeric>

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr Duration kAfter = 30ms;  // what comes late belongs to the event
constexpr Duration kBefore = 5ms;  // a stall that ended so long before it may be the reason
constexpr Duration kFrozen = 100ms;  // after others serve
constexpr Duration kQuiet = 30ms;  // so long it must have been well, at least
constexpr int kAttemptsMax = 5;
constexpr Duration kPerAddress = 3ms;
constexpr double kQuietIntervals = 1.5;  // everybody has heard the owner by then

LabShape with_nodes(LabShape shape, unsigned nodes) {
  shape.nodes = nodes;
  shape.hosts = 1;
  return shape;
}

// Evenly chosen, the first and the last among them.
std::vector<std::size_t> evenly(std::size_t count, std::size_t most) {
  std::vector<std::size_t> out(std::min(count, most));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = out.size() == 1 ? 0 : i * (count - 1) / (out.size() - 1);
  }
  return out;
}

std::vector<std::string> with_extra(const Addresses& addresses) {
  auto out = addresses.ips;
  out.push_back(addresses.extra);
  return out;
}

// The latest of the first times; nullopt when one of them never came.
std::optional<Duration> last_of(const std::vector<Duration>& first, Duration begun) {
  const auto [earliest, latest] = std::minmax_element(first.begin(), first.end());
  if (first.empty() || *earliest == Duration::zero()) return std::nullopt;
  return *latest - begun;
}

void note_first(Duration& first, Duration at) {
  if (first == Duration::zero() || at < first) first = at;
}

}  // namespace

Duration Sample::longest_stall() const {
  return stalls.empty() ? Duration::zero() : stalls.front().length;
}

Failover::Failover(const Field& field, const LabShape& shape)
    : field_(field),
      addresses_(addresses_of(field.addresses, field.share)),
      asked_(evenly(addresses_.held, field.asked_max)),
      lab_(with_nodes(shape, field.nodes)) {
  const auto before = own_threads();
  const auto nodes = lab_.spaces();
  for (const auto* node : nodes) macs_.push_back(mac_of(*node, "eth0"));
  echo_.emplace(nodes);
  for (const auto thread : own_threads()) {
    const bool is_new = std::find(before.begin(), before.end(), thread) == before.end();
    if (is_new) stalls_.follow("echo " + std::to_string(thread), thread);
  }
  log_.emplace(nodes, with_extra(addresses_), lab_.host());
}

void Failover::begin(Contender& contender) {
  contender_ = &contender;
  contender.begin(addresses_);
  for (unsigned n = 1; n <= lab_.nodes(); ++n) contender.start(n);
}

// What was broken last has to come right, too.
void Failover::end() {
  settle();
  contender_->end();
  wait_until("no address is left", [&] { return log_->are_nowhere(); });
  contender_ = nullptr;
}

void Failover::abandon() {
  for (unsigned n = 1; n <= lab_.nodes(); ++n) {
    lab_.mend(n);
    contender_->kill_all(n);
    lab_.sweep(n);
  }
  contender_ = nullptr;
}

void Failover::settle() {
  for (unsigned n = 1; n <= lab_.nodes(); ++n) contender_->start(n);
  const auto home = contender_->home();
  const auto is_home = [&] {
    return log_->are_at(home, held()) && log_->are_beside(home, held(), addresses_.ips.size());
  };
  const auto quiet = std::max(kQuiet, std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(kQuietIntervals * contender_->interval())));
  wait_until(contender_->name() + " is settled", [&] {
    return is_home() && holds_for(quiet, is_home) && contender_->is_settled(home);
  }, patience());
  for (unsigned n = 1; n <= lab_.nodes(); ++n) {
    const auto processes = contender_->processes(n);
    const auto node = lab_.space(n).name();
    stalls_.follow(node, processes.empty() ? 0 : processes.front());
    stalls_.follow(node + "'s guard", processes.size() < 2 ? 0 : processes[1]);
  }
}

// Machines that are busy with many addresses may take long.
Duration Failover::patience() const {
  return contender_->patience() + addresses_.ips.size() * kPerAddress;
}

bool Failover::is_extra_there() const {
  return !log_->holders(addresses_.ips.size()).empty();
}

void Failover::wait_moved() {
  wait_until("others have it", [&] { return log_->are_gone_from(holder_, held()); },
             patience());
}

void Failover::prepare(Fault fault) {
  const auto home = contender_->home();
  holder_ = home;
  if (fault == Fault::preferred_returns) {
    contender_->stop(home);
    contender_->wait_stopped(home);
    wait_moved();
  } else if (fault == Fault::undrain) {
    contender_->order(home, Fault::drain);
    wait_moved();
  }
  contender_->prepare(fault);
  const auto holders = log_->holders();
  if (is_return(fault) && holders.size() == 1) holder_ = holders.front();
  stalls_.forget(wall_clock() - 10s);
}

// What returns may come from several nodes.
bool Failover::is_new(Fault fault, unsigned node) const {
  return is_return(fault) ? node == contender_->home() : node != holder_;
}

void Failover::note_down() { daemons_.push_back({wall_clock(), holder_, false, true}); }

void Failover::act(Fault fault) {
  switch (fault) {
    case Fault::clean_stop: contender_->stop(holder_); break;
    case Fault::preferred_returns: contender_->start(contender_->home()); break;
    case Fault::drain: contender_->order(holder_, fault); break;
    case Fault::undrain: contender_->order(contender_->home(), fault); break;
    case Fault::reload_moves:
    case Fault::reload_stays:
    case Fault::graduation: contender_->order(holder_, fault); break;
    case Fault::kill_daemon:
      note_down();
      contender_->kill_daemon(holder_);
      break;
    case Fault::freeze_daemon:
      note_down();
      contender_->freeze(holder_);
      break;
    case Fault::kill_both:
      note_down();
      contender_->kill_all(holder_);
      break;
    case Fault::cut_silently: lab_.cut_silently(holder_); break;
    case Fault::link_down: lab_.cut(holder_); break;
    case Fault::node_lost:
      lab_.cut_silently(holder_);
      note_down();
      contender_->kill_all(holder_);
      break;
  }
}

void Failover::wait_end(Fault fault, const Asker& client) {
  const auto home = contender_->home();
  const auto wait_home = [&] {
    wait_until("it is at home", [&] { return log_->are_at(home, held()); }, patience());
  };
  const auto wait_taken = [&] {
    wait_until("another has it", [&] { return log_->are_taken_from(holder_, held()); },
               patience());
  };
  switch (fault) {
    case Fault::clean_stop:
      wait_moved();
      contender_->wait_stopped(holder_);
      break;
    case Fault::drain: wait_moved(); break;
    case Fault::kill_daemon:
    case Fault::kill_both:
      contender_->lets_go(fault) ? wait_moved() : wait_taken();
      if (contender_->comes_back(fault)) wait_home();
      break;
    case Fault::freeze_daemon:
      contender_->lets_go(fault) ? wait_moved() : wait_taken();
      wait_until("a while", [&, until = wall_clock() + kFrozen] { return wall_clock() >= until; });
      contender_->thaw(holder_);
      daemons_.push_back({wall_clock(), holder_, true, true});
      wait_home();
      break;
    case Fault::preferred_returns:
    case Fault::undrain:
    case Fault::reload_moves: wait_home(); break;
    case Fault::graduation:
      wait_until("the new address is there", [&] { return is_extra_there(); },
                 patience());
      contender_->wait_ordered(holder_, fault);
      break;
    case Fault::reload_stays: contender_->wait_ordered(holder_, fault); break;
    case Fault::cut_silently:
    case Fault::link_down:
    case Fault::node_lost:
      wait_taken();
      wait_until("another answers", [&] { return client.have_left(holder_); },
                 patience());
      break;
  }
}

void Failover::restore(Fault fault) {
  if (fault == Fault::cut_silently || fault == Fault::link_down || fault == Fault::node_lost) {
    lab_.mend(holder_);
  }
  if (fault == Fault::drain) contender_->order(holder_, Fault::undrain);
  if (fault == Fault::graduation) {
    contender_->prepare(Fault::reload_stays);
    contender_->order(holder_, Fault::reload_stays);
    wait_until("the new address is gone", [&] { return !is_extra_there(); },
               patience());
  }
}

// Who had which address when, and how long that was too many or too few.
void Failover::judge_addresses(Fault fault, Sample& sample) const {
  std::vector<Duration> added(held());
  std::vector<Duration> off(held());
  std::vector<std::vector<HolderChange>> of_each(held(), daemons_);
  for (const auto& change : sample.changes) {
    if (change.address >= held()) {
      const bool is_extra = change.address == addresses_.ips.size();
      if (is_extra && change.is_there && !sample.added) sample.added = change.at - sample.begun;
      continue;
    }
    of_each[change.address].push_back(change);
    const bool is_added = change.is_there && is_new(fault, change.node);
    const bool is_off = !change.is_there && !is_new(fault, change.node);
    if (is_added) note_first(added[change.address], change.at);
    if (is_off) note_first(off[change.address], change.at);
  }
  if (is_move(fault)) sample.added = last_of(added, sample.begun);
  sample.off = last_of(off, sample.begun);
  std::vector<unsigned> all(lab_.nodes());
  std::iota(all.begin(), all.end(), 1U);
  const auto holders = log_->all_holders_at(sample.begun);
  for (std::size_t i = 0; i < held(); ++i) {
    auto& changes = of_each[i];
    std::stable_sort(changes.begin(), changes.end(),
                     [](const auto& left, const auto& right) { return left.at < right.at; });
    const auto held = holder_times(holders[i], all, changes, sample.begun, sample.ended);
    sample.held.two = std::max(sample.held.two, held.two);
    sample.held.two_running = std::max(sample.held.two_running, held.two_running);
    sample.held.none = std::max(sample.held.none, held.none);
    sample.held.is_two_at_end = sample.held.is_two_at_end || held.is_two_at_end;
  }
}

Sample Failover::collect(Fault fault, Asker& client, Duration begun) {
  Sample sample;
  sample.begun = begun;
  sample.ended = wall_clock();
  sample.asked = client.finish(begun);
  if (sample.asked.pause >= StallWatch::kNoted) {
    stalls_.note("client", sample.asked.pause_at, sample.asked.pause);
  }
  sample.changes = log_->since(begun);
  judge_addresses(fault, sample);
  if (is_move(fault)) {
    const auto is_from_there = [&](std::uint64_t node) {
      return is_new(fault, static_cast<unsigned>(node));
    };
    const auto at = client.all_answered_by(is_from_there, begun);
    if (at) sample.answered = *at - begun;
    std::vector<Duration> learnt(held());
    for (const auto& one : log_->learnt_since(begun)) {
      if (one.address >= held() || one.node == 0 || !is_new(fault, one.node)) continue;
      note_first(learnt[one.address], one.at);
    }
    std::vector<Duration> of_asked;
    for (const auto i : asked_) of_asked.push_back(learnt[i]);
    sample.learnt = last_of(of_asked, begun);
  }
  sample.stalls = stalls_.between(begun - kBefore, sample.ended);
  sample.lines = contender_->lines(begun);
  return sample;
}

std::vector<Claim> Failover::claims(Capture& heard, Duration since) const {
  std::vector<Claim> out;
  for (const auto& frame : heard.about(addresses_.ips.front())) {
    const auto* arp = frame.arp();
    const auto node = arp == nullptr ? macs_.end()
                                     : std::find(macs_.begin(), macs_.end(), arp->sender_mac);
    if (node == macs_.end() || frame.at < since) continue;
    out.push_back({frame.at, static_cast<unsigned>(node - macs_.begin() + 1),
                   arp->operation == packet::ArpOperation::request});
  }
  return out;
}

Sample Failover::run(Fault fault) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    settle();
    prepare(fault);
    if (auto sample = measure(fault)) return *std::move(sample);
    if (fault == Fault::undrain) contender_->order(contender_->home(), fault);
    if (fault == Fault::reload_moves) contender_->order(holder_, fault);
  }
  throw Timeout("addresses moved each time before anything was done to them");
}

// Nullopt: something moved before the event.
std::optional<Sample> Failover::measure(Fault fault) {
  daemons_.clear();
  contender_->mark_logs();
  Capture heard(lab_.host(), "eth0");
  std::vector<std::string> asked;
  for (const auto i : asked_) asked.push_back(addresses_.ips[i]);
  Asker client(lab_.host(), asked, field_.rate);
  stalls_.follow("client", 0);
  wait_until("answers", [&] {
    return client.answered() > field_.rate / 50 && client.have_left(0);
  });
  const auto home = contender_->home();
  const bool is_ready = is_return(fault) ? log_->are_gone_from(home, held()) &&
                                               client.have_left(home)
                                         : log_->are_at(holder_, held()) &&
                                               client.are_at(holder_);
  if (!is_ready) return std::nullopt;
  const auto begun = wall_clock();
  act(fault);
  wait_end(fault, client);
  const auto enough =
      client.sent() + field_.rate * static_cast<std::uint64_t>(kAfter / 1ms) / 1'000;
  wait_until("requests", [&] { return client.sent() >= enough; });
  auto sample = collect(fault, client, begun);
  sample.claims = claims(heard, begun);
  restore(fault);
  return sample;
}

}  // namespace vippy::lab
