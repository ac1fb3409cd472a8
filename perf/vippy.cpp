#include "perf/vippy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "perf/stalls.h"

namespace vippy::lab {

namespace {

using namespace std::chrono_literals;

// What a node of the lab has of its own.
constexpr std::array kSiteKeys = {"chat", "chat_interface", "secret", "version",
                                  "vips", "nodes",          "notify", "management",
                                  "logging"};

constexpr std::size_t kAskedMax = 300;

}  // namespace

Json pace_in(const std::string& profile_text) {
  auto pace = Json::parse(profile_text, nullptr, true, true);
  for (const auto* key : kSiteKeys) pace.erase(key);
  return pace;
}

Vippy::Vippy(Lab& lab, const std::string& name, Json pace)
    : Contender(lab, name), pace_(std::move(pace)) {}

std::string Vippy::version() const {
  return first_line(run_program({built_program("vippyd"), "--version"}).output);
}

std::string Vippy::setting() const { return pace_.dump(); }

// A cut-off node goes on: nobody can tell it.
bool Vippy::lets_go(Fault fault) const {
  return fault != Fault::cut_silently && fault != Fault::node_lost;
}

Duration Vippy::patience() const {
  return 20s + std::chrono::duration_cast<Duration>(
                   std::chrono::duration<double>(2 * pace_.value("stale", 3.0) +
                                                 2 * pace_.value("mature", 5.0)));
}

void Vippy::write(bool has_extra) {
  auto groups = Json::array();
  for (std::size_t i = 0; i < addresses_.ips.size(); ++i) {
    const auto home = home_of(addresses_, i, home_, lab().nodes());
    groups.push_back(group_at("n" + std::to_string(home), {addresses_.ips[i] + "/16"}));
  }
  if (has_extra) groups.push_back(group_at("n2", {addresses_.extra + "/16"}));
  auto config = lab().config(groups);
  config.update(pace_);
  config["version"] = version_++;
  // Those that do not read it now will when they start again.
  for (unsigned n = 1; n <= lab().nodes(); ++n) lab().node(n).write_config(config);
}

void Vippy::begin(const Addresses& addresses) {
  addresses_ = addresses;
  home_ = 1;
  write(false);
}

void Vippy::start(unsigned node) {
  auto& daemon = lab().node(node);
  if (daemon.has_ended()) (void)daemon.wait_exit();
  if (!daemon.is_running()) daemon.start();
}

void Vippy::stop(unsigned node) {
  if (lab().node(node).is_running()) lab().node(node).signal(SIGTERM);
}

void Vippy::wait_stopped(unsigned node) {
  if (lab().node(node).is_running()) (void)lab().node(node).wait_exit();
}

void Vippy::kill_daemon(unsigned node) { lab().node(node).kill(); }

// Stopped first: neither can do anything about the other's end.
void Vippy::kill_all(unsigned node) {
  if (lab().node(node).has_ended()) (void)lab().node(node).wait_exit();
  if (!lab().node(node).is_running()) return;
  const auto guard = child_of(lab().node(node).pid());
  lab().node(node).freeze();
  if (guard > 0) ::kill(guard, SIGKILL);
  lab().node(node).kill();
}

void Vippy::prepare(Fault fault) {
  if (fault == Fault::reload_moves) home_ = home_ % lab().nodes() + 1;
  if (fault == Fault::reload_moves || !is_move(fault)) write(fault == Fault::graduation);
}

void Vippy::order(unsigned node, Fault fault) {
  const bool is_by_socket = fault == Fault::drain || fault == Fault::undrain;
  is_by_socket ? lab().node(node).order(name_of(fault)) : lab().node(node).reload();
}

// The order has reached all, wherever the file was read again.
void Vippy::wait_ordered(unsigned, Fault fault) {
  if (fault == Fault::drain || fault == Fault::undrain) return;
  const auto version = "version " + std::to_string(version_ - 1);
  for (unsigned n = 1; n <= lab().nodes(); ++n) lab().node(n).wait_log(version);
}

// An answer about very many groups takes a daemon longer than a short `stale`: there the kernels'
// word is enough.
bool Vippy::is_settled(unsigned home) const {
  if (addresses_.ips.size() > kAskedMax) return true;
  const auto owner = "n" + std::to_string(home);
  for (unsigned n = 1; n <= lab().nodes(); ++n) {
    const auto status = lab().node(n).status();
    if (!status) return false;
    const auto& groups = (*status)["vippy"]["groups"];
    const auto is_home = [&](const Json& one) { return one["owner"] == owner; };
    if (groups.size() != addresses_.ips.size()) return false;
    const auto at_home = std::count_if(groups.begin(), groups.end(), is_home);
    if (static_cast<std::size_t>(at_home) != addresses_.held) return false;
  }
  return true;
}

std::vector<pid_t> Vippy::processes(unsigned node) const {
  const auto daemon = lab().node(node).is_running() ? lab().node(node).pid() : 0;
  if (daemon == 0) return {};
  const auto guard = child_of(daemon);
  return guard > 0 ? std::vector<pid_t>{daemon, guard} : std::vector<pid_t>{daemon};
}

void Vippy::mark_logs() {
  for (unsigned n = 1; n <= lab().nodes(); ++n) lab().node(n).mark_log();
}

std::vector<DaemonLine> Vippy::lines(Duration since) { return daemon_lines(lab(), since); }

}  // namespace vippy::lab
