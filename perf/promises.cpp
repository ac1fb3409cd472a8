#include "perf/promises.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

constexpr double kMature = 0.05;
constexpr Duration kAfter = 30ms;  // what comes late belongs to the event
constexpr Duration kBefore = 5ms;  // a stall that ended so long before it may be the reason

// As `ip link set PORT nomaster`, without the time that a program takes to start.
void leave_bridge(const NetSpace& network, const std::string& port) {
  const auto index = network.index_of(port);
  int code = -1;
  network.in([&] {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, "br0", IFNAMSIZ - 1);
    request.ifr_ifindex = static_cast<int>(index);
    code = ::ioctl(fd, SIOCBRDELIF, &request);
    ::close(fd);
  });
  if (code != 0) throw std::runtime_error("the bridge keeps its port");
}

// The status of the answer; 0: none.
int post(const std::string& socket, const std::string& target) {
  const int fd = connect_unix(socket);
  if (fd < 0) return 0;
  const auto request = "POST " + target +
                       " HTTP/1.1\r\nHost: lab\r\nContent-Type: application/json\r\n"
                       "Content-Length: 2\r\nConnection: close\r\n\r\n{}";
  std::array<char, 4'096> answer{};
  int status = 0;
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0 &&
      ::recv(fd, answer.data(), answer.size() - 1, 0) > 12) {
    status = std::atoi(answer.data() + 9);
  }
  ::close(fd);
  return status;
}

}  // namespace

LabShape shape_of(const Pace& pace) {
  return {.nodes = 3, .hosts = 1, .interval = pace.interval, .stale = pace.stale,
          .mature = kMature};
}

Json config_of(const Lab& lab, const Json& groups, const Pace& pace) {
  auto config = lab.config(groups);
  config["lease"] = pace.lease;
  if (pace.realtime > 0) config["realtime"] = pace.realtime;
  return config;
}

void follow_daemon(StallWatch& stalls, VippydProcess& daemon) {
  const auto process = daemon.is_running() ? daemon.pid() : 0;
  stalls.follow(daemon.name(), process);
  stalls.follow(daemon.name() + "'s guard", process > 0 ? child_of(process) : 0);
}

Promises::Promises(const Pace& pace) : pace_(pace), lab_(shape_of(pace)) {
  const auto before = own_threads();
  std::vector<const NetSpace*> nodes;
  for (unsigned n = 1; n <= lab_.nodes(); ++n) {
    nodes.push_back(&lab_.space(n));
    macs_.push_back(mac_of(lab_.space(n), "eth0"));
  }
  echo_.emplace(nodes);
  for (const auto thread : own_threads()) {
    const bool is_new = std::find(before.begin(), before.end(), thread) == before.end();
    if (is_new) stalls_.follow("echo", thread);
  }
  log_.emplace(nodes, kVip);
  lab_.start(config_of(lab_, groups(), pace_));
}

Json Promises::groups() const {
  return Json::array({group_at("n" + std::to_string(home_), {std::string(kVip) + "/16"})});
}

void Promises::start(unsigned n) {
  auto& daemon = lab_.node(n);
  if (daemon.is_running()) return;
  daemon.start();
  stalls_.follow(daemon.name(), daemon.pid());
}

// All nodes run and are well, the preferred one holds the address, and that lasts.
void Promises::settle() {
  for (unsigned n = 1; n <= lab_.nodes(); ++n) start(n);
  const auto is_home = [&] { return log_->holders() == std::vector<unsigned>{home_}; };
  for (int attempt = 0; attempt < 20; ++attempt) {
    lab_.wait_owned(kVip, "n" + std::to_string(home_));
    wait_until("the address is at home", is_home);
    if (holds_for(30ms, is_home)) break;
  }
  for (unsigned n = 1; n <= lab_.nodes(); ++n) follow_daemon(stalls_, lab_.node(n));
}

void Promises::order(const std::string& what) {
  const int status = post(home().socket(), "/" + what);
  if (status < 200 || status > 299) {
    throw std::runtime_error("POST /" + what + ": " + std::to_string(status));
  }
}

void Promises::reload(unsigned home) {
  home_ = home;
  ++version_;
  auto config = config_of(lab_, groups(), pace_);
  config["version"] = version_;
  // Those that do not read it now will when they start again.
  for (unsigned n = 1; n <= lab_.nodes(); ++n) lab_.node(n).write_config(config);
}

bool Promises::is_gone_elsewhere() const {
  const auto holders = log_->holders();
  return !holders.empty() && std::find(holders.begin(), holders.end(), holder_) == holders.end();
}

void Promises::prepare(Scenario scenario) {
  holder_ = home_;
  if (scenario == Scenario::preferred_returns) {
    home().stop();
    wait_until("another has it", [&] { return is_gone_elsewhere(); });
  } else if (scenario == Scenario::undrain) {
    order("drain");
    wait_until("another has it", [&] { return is_gone_elsewhere(); });
  } else if (scenario == Scenario::reload_moves) {
    reload(home_ % lab_.nodes() + 1);
  } else if (scenario == Scenario::reload_stays) {
    reload(home_);
  }
  const bool is_away = scenario == Scenario::preferred_returns || scenario == Scenario::undrain;
  const auto holders = log_->holders();
  if (is_away && holders.size() == 1) holder_ = holders.front();
  stalls_.forget(wall_clock() - 10s);
}

void Promises::note_down() { daemons_.push_back({wall_clock(), holder_, false, true}); }

void Promises::act(Scenario scenario) {
  switch (scenario) {
    case Scenario::clean_stop: ::kill(home().pid(), SIGTERM); break;
    case Scenario::preferred_returns: start(home_); break;
    case Scenario::drain: order("drain"); break;
    case Scenario::undrain: order("undrain"); break;
    case Scenario::reload_moves:
    case Scenario::reload_stays: lab_.node(holder_).reload(); break;
    case Scenario::kill_daemon:
      note_down();
      home().kill();
      break;
    case Scenario::freeze_daemon:
      note_down();
      home().freeze();
      break;
    case Scenario::kill_both: {
      // Stopped first: neither can do anything about the other's end.
      const auto guard = child_of(home().pid());
      note_down();
      home().freeze();
      if (guard > 0) ::kill(guard, SIGKILL);
      home().kill();
      break;
    }
    case Scenario::cut_silently: leave_bridge(lab_.network(), home().name()); break;
  }
}

void Promises::wait_end(Scenario scenario, const Asker& client) {
  const auto at_home = std::vector<unsigned>{home_};
  switch (scenario) {
    case Scenario::clean_stop:
      wait_until("another has it", [&] { return is_gone_elsewhere(); });
      (void)home().wait_exit();
      break;
    case Scenario::drain:
    case Scenario::kill_daemon:
    case Scenario::freeze_daemon:
    case Scenario::kill_both:
      wait_until("another has it", [&] { return is_gone_elsewhere(); });
      break;
    case Scenario::preferred_returns:
    case Scenario::undrain:
    case Scenario::reload_moves:
      wait_until("it is at home", [&] { return log_->holders() == at_home; });
      break;
    case Scenario::reload_stays: {
      const auto version = "version " + std::to_string(version_);
      for (unsigned n = 1; n <= lab_.nodes(); ++n) lab_.node(n).wait_log(version);
      break;
    }
    case Scenario::cut_silently:
      wait_until("another answers",
                 [&] { return client.last_from() != holder_ && client.last_from() != 0; });
      break;
  }
}

void Promises::restore(Scenario scenario) {
  if (scenario == Scenario::freeze_daemon) home().thaw();
  if (scenario == Scenario::cut_silently) lab_.mend(home_);
  if (scenario == Scenario::drain) order("undrain");
}

Sample Promises::collect(Asker& client, Duration begun) {
  Sample sample;
  sample.begun = begun;
  sample.ended = wall_clock();
  sample.asked = client.finish(begun);
  if (sample.asked.pause >= StallWatch::kNoted) {
    stalls_.note("client", sample.asked.pause_at, sample.asked.pause);
  }
  sample.changes = log_->since(begun);
  for (const auto& change : sample.changes) {
    if (change.node == holder_ && !change.is_there && !sample.off) sample.off = change.at - begun;
  }
  auto changes = sample.changes;
  changes.insert(changes.end(), daemons_.begin(), daemons_.end());
  std::stable_sort(changes.begin(), changes.end(),
                   [](const auto& left, const auto& right) { return left.at < right.at; });
  sample.held = holder_times(log_->holders_at(begun), {1, 2, 3}, changes, begun, sample.ended);
  sample.stalls = stalls_.between(begun - kBefore, sample.ended);
  sample.lines = daemon_lines(lab_, begun);
  return sample;
}

std::vector<Claim> Promises::claims(Capture& heard, Duration since) const {
  std::vector<Claim> out;
  for (const auto& frame : heard.about(kVip)) {
    const auto* arp = frame.arp();
    const auto node = arp == nullptr ? macs_.end()
                                     : std::find(macs_.begin(), macs_.end(), arp->sender_mac);
    if (node == macs_.end() || frame.at < since) continue;
    out.push_back({frame.at, static_cast<unsigned>(node - macs_.begin() + 1),
                   arp->operation == packet::ArpOperation::request});
  }
  return out;
}

Sample Promises::run(Scenario scenario) {
  settle();
  prepare(scenario);
  daemons_.clear();
  for (unsigned n = 1; n <= lab_.nodes(); ++n) lab_.node(n).mark_log();
  Capture heard(lab_.host(), "eth0");
  Asker client(lab_.host(), {kVip}, pace_.rate);
  stalls_.follow("client", 0);
  wait_until("answers", [&] { return client.answered() > pace_.rate / 50; });
  const auto begun = wall_clock();
  act(scenario);
  wait_end(scenario, client);
  const auto enough = client.sent() + pace_.rate * static_cast<std::uint64_t>(kAfter / 1ms) / 1'000;
  wait_until("requests", [&] { return client.sent() >= enough; });
  auto sample = collect(client, begun);
  sample.claims = claims(heard, begun);
  restore(scenario);
  return sample;
}

}  // namespace vippy::lab
