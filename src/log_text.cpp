#include "log_text.h"

#include <fmt/format.h>

namespace vippy::hall {

namespace {

using core::Duration;
using core::FailureKind;
using core::Priority;
namespace event = core::event;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

const char* words(FailureKind failure) {
  switch (failure) {
    case FailureKind::none: return "done";
    case FailureKind::already_there: return "already there";
    case FailureKind::not_there: return "not there";
    case FailureKind::no_interface: return "no such interface";
    case FailureKind::not_permitted:
      return "not permitted (vippyd needs CAP_NET_ADMIN and CAP_NET_RAW)";
    case FailureKind::in_use: return "in use by another program (another vippyd?)";
    case FailureKind::no_resources: return "the system is short of resources";
    case FailureKind::withdrawn: return "taken back";
    case FailureKind::other: return "refused by the system";
  }
  return "";
}

struct Words {
  LogLine operator()(const event::Started& e) const {
    return {Priority::notice, fmt::format("started as {}, configuration version {}, {} groups",
                                          e.identity, e.version, e.groups)};
  }
  LogLine operator()(const event::Stopping&) const {
    return {Priority::notice, "stopping: the others take over"};
  }
  LogLine operator()(const event::Stopped& e) const {
    if (e.left_behind == 0) {
      return {Priority::notice, "stopped, every address that vippyd had set is removed"};
    }
    return {Priority::err,
            fmt::format("stopped, {} addresses could not be removed", e.left_behind)};
  }
  LogLine operator()(const event::NotANode& e) const {
    return {Priority::crit,
            fmt::format("{} is not one of the nodes of the configuration: this node owns nothing; "
                        "add it to nodes, or start with -n NAME", e.identity)};
  }
  LogLine operator()(const event::Unbelieved& e) const {
    // Protocol 2 does not carry names.
    const auto who = e.node.empty() ? std::string("it") : e.node;
    if (e.is_forged) {
      return {Priority::crit, fmt::format("announcements of {} are not believed: {} has another "
                                          "secret; make the secrets equal", e.source, who)};
    }
    return {Priority::crit,
            fmt::format("announcements of {} are not believed: {} is not one of the nodes; add it "
                        "to nodes, or start it with -n NAME", e.source, who)};
  }
  LogLine operator()(const event::IdentityTaken& e) const {
    return {Priority::crit,
            fmt::format("another host, {}, announces under this node's name: both may own the "
                        "same groups; give each its own name (-n NAME, nodes)", e.source)};
  }
  LogLine operator()(const event::NameShared& e) const {
    return {Priority::crit,
            fmt::format("{} announces as node {}, which is at {}: it is not heard while that one "
                        "is; give each host its own name (-n NAME, nodes)", e.refused, e.node,
                        e.heard)};
  }
  LogLine operator()(const event::PluginsNotRun& e) const {
    return {Priority::err,
            fmt::format("{} plugins are configured and not run: their health verdicts are not "
                        "taken into account", e.count)};
  }
  LogLine operator()(const event::PeerActive& e) const {
    return {Priority::notice, fmt::format("node {} is active", e.node)};
  }
  LogLine operator()(const event::PeerLeft& e) const {
    return {Priority::notice, fmt::format("node {} is no longer active, it says", e.node)};
  }
  LogLine operator()(const event::PeerDied& e) const {
    return {Priority::err, fmt::format("node {} died or hangs: its guard speaks for it and takes "
                                       "its addresses off", e.node)};
  }
  LogLine operator()(const event::PeerSilent& e) const {
    return {Priority::err, fmt::format("node {} is lost: silent for {:.1f} ms", e.node,
                                       milliseconds(e.silent_for))};
  }
  LogLine operator()(const event::PeerDeaf& e) const {
    return {Priority::err, fmt::format("node {} does not hear us: it is not counted on until "
                                       "it does", e.node)};
  }
  LogLine operator()(const event::PeerOneWay& e) const {
    return {Priority::err,
            fmt::format("node {} is received at {} but does not hear this node: is this node in "
                        "its nodes and peers, is a firewall between?", e.node, e.source)};
  }
  LogLine operator()(const event::PeerPlain& e) const {
    return {Priority::crit,
            fmt::format("node {} speaks protocol 1, which is not listened to: set protocol to "
                        "\"1+2\" here until it speaks protocol 2", e.node)};
  }
  LogLine operator()(const event::Drained& e) const {
    if (!e.is_drain) return {Priority::notice, fmt::format("{} is no longer drained", e.node)};
    return {Priority::notice, fmt::format("{} is drained: the others take over", e.node)};
  }
  LogLine operator()(const event::OrderUnheard& e) const {
    return {Priority::err, fmt::format("node {} did not obey: it is not heard, or does not speak "
                                       "protocol 2", e.node)};
  }
  LogLine operator()(const event::WasFenced&) const {
    return {Priority::err, "this node hung, and its guard has let go of its addresses: listening "
                           "before it offers itself again"};
  }
  LogLine operator()(const event::SendRefusedOnce& e) const {
    return {Priority::crit,
            fmt::format("{} cannot be sent: {}; look at firewalls and links",
                        e.is_frame ? "frames to the neighbours" : "announcements",
                        words(e.failure))};
  }
  LogLine operator()(const event::PeerOld& e) const {
    return {Priority::crit, fmt::format("node {} speaks configuration version {}, ours is {}: "
                                        "ignored until it follows", e.node, e.version, e.ours)};
  }
  LogLine operator()(const event::PeerDiffers& e) const {
    return {Priority::crit,
            fmt::format("node {} has other vips or nodes under the same version {}: ignored; make "
                        "the files equal and raise version", e.node, e.version)};
  }
  LogLine operator()(const event::SelfActive&) const {
    return {Priority::notice, "this node is active"};
  }
  LogLine operator()(const event::SelfInactive& e) const {
    return {Priority::notice, fmt::format("this node is inactive: {}", e.reason)};
  }
  LogLine operator()(const event::WasLate& e) const {
    const auto time = milliseconds(e.silent_for);
    if (e.is_missed) {
      return {Priority::err,
              fmt::format("this node itself was silent for {:.1f} ms: listening before it offers "
                          "itself again", time)};
    }
    return {Priority::err,
            fmt::format("this node itself was silent for {:.1f} ms, and nobody spoke on "
                        "meanwhile: nothing changes", time)};
  }
  LogLine operator()(const event::GroupMoved& e) const {
    return {Priority::notice, fmt::format("group {} moves from {} to {}: {}", e.group, e.from,
                                          e.to, core::name(e.reason))};
  }
  LogLine operator()(const event::AnnouncedAgain& e) const {
    return {Priority::notice, fmt::format("a split from node {} healed: {} addresses announced "
                                          "again", e.node, e.vips)};
  }
  LogLine operator()(const event::ConfigAdopted& e) const {
    return {Priority::notice, fmt::format("configuration version {} adopted from node {} (was {})",
                                          e.after, e.from, e.before)};
  }
  LogLine operator()(const event::ConfigNotAdopted& e) const {
    return {Priority::crit, fmt::format("configuration version {} of node {} cannot be adopted: {}",
                                        e.version, e.from, e.why)};
  }
  LogLine operator()(const event::ConfigReloaded& e) const {
    return {Priority::notice, fmt::format("configuration read again, version {}", e.version)};
  }
  LogLine operator()(const event::ConfigReloadRefused& e) const {
    return {Priority::err,
            fmt::format("configuration refused, the old one stays: {}", e.why)};
  }
  LogLine operator()(const event::ConfigFileOld& e) const {
    return {Priority::err,
            fmt::format("the file is version {}, the cluster runs version {}: vips and nodes of "
                        "the file are not used; bring the file up to date", e.file, e.running)};
  }
  LogLine operator()(const event::LinkDown& e) const {
    return {Priority::err, fmt::format("interface {} is down", e.interface)};
  }
  LogLine operator()(const event::LinkUp& e) const {
    return {Priority::notice, fmt::format("interface {} is up", e.interface)};
  }
  LogLine operator()(const event::VipHasNoInterface& e) const {
    return {Priority::crit,
            fmt::format("{} has no interface on this host: name one in vips", e.vip)};
  }
  LogLine operator()(const event::AddressUp& e) const {
    return {Priority::notice, fmt::format("{} is up on {}", e.vip, e.interface)};
  }
  LogLine operator()(const event::AddressDown& e) const {
    return {Priority::notice, fmt::format("{} is down on {}", e.vip, e.interface)};
  }
  LogLine operator()(const event::AddressFailed& e) const {
    return {Priority::err, fmt::format("{} cannot be {} {}: {}; trying again", e.vip,
                                       e.is_add ? "added to" : "removed from", e.interface,
                                       words(e.failure))};
  }
  LogLine operator()(const event::AddressPutBack& e) const {
    return {Priority::err, fmt::format("somebody else removed {} from {}: putting it back",
                                           e.vip, e.interface)};
  }
  LogLine operator()(const event::AddressForeign& e) const {
    return {Priority::err, fmt::format("{} is on {} already and was not set by vippyd: it is "
                                           "used and will not be removed", e.vip, e.interface)};
  }
  LogLine operator()(const event::LeftoverAdopted& e) const {
    return {Priority::notice, fmt::format("{} on {} is left over from an earlier run: adopted",
                                          e.vip, e.interface)};
  }
  LogLine operator()(const event::LeftoverRemoved& e) const {
    return {Priority::notice, fmt::format("{} on {} was left over from an earlier run: removed",
                                          e.vip, e.interface)};
  }
  LogLine operator()(const event::Conflict& e) const {
    return {Priority::crit,
            fmt::format("{} is claimed by {} on {}, which is no node that is heard here: it stays "
                        "here and is defended; find that machine and take the address off it",
                        e.vip, e.mac, e.interface)};
  }
  LogLine operator()(const event::Converged& e) const {
    if (e.silent.empty()) {
      return {Priority::info, fmt::format("{} converged in {:.1f} ms, {} of {} neighbours", e.vip,
                                          milliseconds(e.took), e.answered, e.asked)};
    }
    if (e.answered == 0) {
      return {Priority::notice,
              fmt::format("no neighbour of {} has shown that it has learnt the new MAC (silent: "
                          "{})", e.vip, e.silent)};
    }
    return {Priority::notice,
            fmt::format("{} converged in {:.1f} ms, {} of {} neighbours, silent: {}", e.vip,
                        milliseconds(e.took), e.answered, e.asked, e.silent)};
  }
  LogLine operator()(const event::ConvergedMore& e) const {
    if (e.has_silent) {
      return {Priority::notice,
              fmt::format("and {} more addresses with silent neighbours", e.vips)};
    }
    return {Priority::info,
            fmt::format("and {} more addresses converged, all neighbours answered", e.vips)};
  }
  LogLine operator()(const event::OpenFailed& e) const {
    const bool is_rival = e.failure == FailureKind::in_use;
    return {Priority::crit,
            fmt::format("cannot open {}: {}{}", e.what, words(e.failure),
                        is_rival ? ": two of one cluster on one host would fight; stop the other "
                                   "one first" : "")};
  }
};

}  // namespace

LogLine describe(const core::LogEvent& event) { return std::visit(Words{}, event); }

}  // namespace vippy::hall
