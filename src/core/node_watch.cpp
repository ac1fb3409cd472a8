// Node, the watching part: what the neighbours say by ARP and neighbour discovery.
#include <algorithm>
#include <utility>

#include "core/listing.h"
#include "core/node.h"

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

// A planned hand-over takes so long beyond two intervals (docs/guarantees.md).
constexpr Duration kHandOverSlack = 5ms;

}  // namespace

// ---- where we listen --------------------------------------------------------------------------

void Node::meet(std::size_t peer, const IpAddress& source, Instant now) {
  if (conflicts_.node_at(membership_.name(peer), source, now)) listen_changed_ = true;
}

// On the interfaces that carry VIPs, and on those over which hosts are asked.
void Node::listen(Actions& out) {
  if (!std::exchange(listen_changed_, false)) return;
  std::set<InterfaceIndex> wanted;
  const auto add = [&](const Interface* interface) {
    if (interface != nullptr && interface->is_ethernet) wanted.insert(interface->index);
  };
  InterfaceIndex last = 0;  // placed_ is sorted by interface
  for (const auto& [key, group] : placed_) {
    if (std::exchange(last, key.index) != key.index) add(interfaces_.find(key.index));
  }
  for (const auto& address : conflicts_.node_addresses()) add(interfaces_.carrying(address));
  for (const auto& address : config_.witness) add(interfaces_.carrying(address));
  for (const auto index : listening_) {
    if (!wanted.contains(index)) out.push_back(Listen{index, false});
  }
  for (const auto index : wanted) {
    if (!listening_.contains(index)) out.push_back(Listen{index, true});
  }
  listening_ = std::move(wanted);
}

// ---- what is said -----------------------------------------------------------------------------

void Node::on(const NeighbourSpoke& spoke, Instant now, Actions& out) {
  if (phase_ != Phase::running && phase_ != Phase::leaving) return;
  ++counters_.frames_heard;
  conflicts_.heard(spoke.address, spoke.mac);
  const auto received = std::min(spoke.received, now);
  if (spoke.is_answer) convergence_.heard(spoke, received);
  witness_.heard(spoke, received);
  judge_claim(spoke, now, out);
}

const Node::GroupState* Node::group_of(const AddressKey& vip) const {
  const AddressKey first{vip.index, {vip.prefix.address, 0}};
  const auto found = std::lower_bound(
      placed_.begin(), placed_.end(), first,
      [](const auto& entry, const AddressKey& key) { return entry.first < key; });
  const bool is_it = found != placed_.end() && found->first.index == vip.index &&
                     found->first.prefix.address == vip.prefix.address;
  return is_it ? &groups_[found->second] : nullptr;
}

// What our kernel has of the VIP's group is to be looked at again.
void Node::stock_changed(const AddressKey& vip) {
  const auto* group = group_of(vip);
  if (group != nullptr) stock_due_.mark(static_cast<std::size_t>(group - groups_.data()));
}

bool Node::is_own_mac(const Mac& mac) const {
  return std::any_of(interfaces_.all().begin(), interfaces_.all().end(),
                     [&](const auto& entry) { return entry.second.mac == mac; });
}

// Another node has the group, is to have it, or had it a moment ago; or it is a node's MAC: then
// its announcements say what is to be done.
bool Node::is_members_word(const GroupState& group, const Mac& mac, Instant now) const {
  if (now < group.theirs_until) return true;
  if (group.owner != kNobody && group.owner != membership_.self()) return true;
  const auto index = static_cast<std::size_t>(&group - groups_.data());
  const auto facts = view_.facts();
  for (std::size_t i = 0; i < facts.size(); ++i) {
    if (i != membership_.self() && facts[i].claims_group(index)) return true;
  }
  return conflicts_.is_node(mac, neighbours_);
}

void Node::judge_claim(const NeighbourSpoke& spoke, Instant now, Actions& out) {
  const AddressKey said{spoke.index, {spoke.address, spoke.address.bits()}};
  const auto* group = group_of(said);
  if (group == nullptr) return;
  const bool is_ours = is_wanted(*group) || group->owner == membership_.self();
  if (!is_ours || is_own_mac(spoke.mac) || is_members_word(*group, spoke.mac, now)) return;
  ++counters_.conflicts;
  const auto answer = conflicts_.on_claim(said, spoke.mac, now, may_name_at(now));
  if (answer.is_said) name_stranger({said, spoke.mac}, out);
  if (answer.is_defended) defend(said, now, out);
}

// The frame of a node that was cut off may come before its first announcement that counts.
Instant Node::may_name_at(Instant now) const {
  const auto later = now + 2 * config_.interval + kHandOverSlack;
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    if (i != membership_.self() && membership_.is_silent(i)) return later;
  }
  // Or a node whose MAC we have not learnt yet takes what we have, and says so in a moment.
  return conflicts_.knows_all_nodes(neighbours_) ? now : later;
}

void Node::name_stranger(const Conflicts::Stranger& stranger, Actions& out) {
  const auto* interface = interfaces_.find(stranger.vip.index);
  log(out, event::Conflict{format(stranger.vip.prefix.address), format(stranger.mac),
                           interface != nullptr ? interface->name : ""});
}

void Node::name_suspects(Instant now, Actions& out) {
  for (const auto& suspect : conflicts_.take_suspects(now)) {
    const auto* group = group_of(suspect.vip);
    if (group == nullptr || is_members_word(*group, suspect.mac, now)) continue;
    if (conflicts_.accuse(suspect, now)) name_stranger(suspect, out);
  }
}

// `vip` by its address alone: whatever its prefix length is here.
void Node::defend(const AddressKey& vip, Instant now, Actions& out) {
  const auto* group = group_of(vip);
  if (group == nullptr || !is_wanted(*group)) return;
  for (const auto& key : group->keys) {
    const bool is_it = key && key->index == vip.index && key->prefix.address == vip.prefix.address;
    if (!is_it || !reconciler_.is_up(*key)) continue;
    advertiser_.again(key->index, key->prefix, interfaces_, now, out);
  }
}

void Node::note_theirs(std::size_t index, bool is_theirs, Instant now) {
  auto& group = groups_[index];
  const bool was_theirs = std::exchange(group.was_theirs, is_theirs);
  if (!is_theirs && !was_theirs) return;
  // The kernel of a node that was lost may speak on until its lease runs out.
  const bool is_lost = group.owner != kNobody && group.owner != membership_.self() &&
                       membership_.is_silent(group.owner);
  const auto until = now + 2 * config_.interval + kHandOverSlack +
                     (is_lost ? config_.lease : Duration::zero());
  group.theirs_until = std::max(group.theirs_until, until);
}

void Node::went_down(const AddressKey& key) {
  if (reconciler_.is_up(key)) return;  // plumbed in the other way
  advertiser_.stop(key.index, key.prefix);
  convergence_.stop({key.index, key.prefix.address});
  conflicts_.stop({key.index, {key.prefix.address, key.prefix.address.bits()}});
}

// ---- who has learnt ---------------------------------------------------------------------------

// The network that the hit list has, too.
void Node::ask_neighbours(const AddressKey& key, Instant now) {
  const auto* interface = interfaces_.find(key.index);
  if (interface == nullptr || !interface->is_ethernet) return;
  convergence_.start({key.index, key.prefix.address},
                     own_network(key.prefix, interface, interfaces_), now);
}

void Node::report_converged(Instant now, Actions& out) {
  for (auto* few : {&told_all_, &told_some_}) {
    const auto rest = few->take_rest(now);
    if (rest > 0) log(out, event::ConvergedMore{rest, few == &told_some_});
  }
  for (const auto& [vip, result] : convergence_.take_reports()) {
    if (!(result.silent > 0 ? told_some_ : told_all_).is_said(now)) continue;
    event::Converged said{format(vip.second), result.took, result.answered, result.asked, {}};
    for (const auto& name : result.names) append_item(said.silent, format(name));
    const auto more = result.silent - result.names.size();
    if (more > 0) said.silent += " and " + std::to_string(more) + " more";
    log(out, std::move(said));
  }
}

void Node::append_convergence(const GroupState& group, GroupStatus& status) const {
  bool is_done = true;
  Duration took{};
  std::set<IpAddress> silent;
  for (const auto& key : group.keys) {
    const auto* result =
        key ? convergence_.result({key->index, key->prefix.address}) : nullptr;
    if (result == nullptr) continue;
    status.asked += result->asked;
    status.answered += result->answered;
    is_done = is_done && result->is_done;
    took = std::max(took, result->took);
    silent.insert(result->names.begin(), result->names.end());
  }
  if (is_done && status.asked > 0) status.converged_in = took;
  status.silent.assign(silent.begin(), silent.end());
  if (status.silent.size() > Convergence::kSilentNamed) {
    status.silent.resize(Convergence::kSilentNamed);
  }
}

// ---- at a Tick --------------------------------------------------------------------------------

void Node::watch(Instant now, Actions& out) {
  listen(out);
  witness_.poll(standing_.needs_witness(), neighbours_, interfaces_, now, out);
  conflicts_.ask(interfaces_, now, out);
  name_suspects(now, out);
  for (const auto& vip : conflicts_.take_due(now)) defend(vip, now, out);
  convergence_.poll(neighbours_, interfaces_, vips_, advertiser_, now, out);
  report_converged(now, out);
}

Instant Node::watch_deadline() const {
  return std::min({conflicts_.next_deadline(), convergence_.next_deadline(),
                   witness_.next_deadline(), told_all_.next_deadline(),
                   told_some_.next_deadline()});
}

void Node::append_witnesses(Instant now, Status& out) const {
  bool has_any = false;
  for (const auto& [host, answers] : witness_.accounts(now)) {
    out.witnesses.push_back({host, answers});
    has_any = has_any || answers;
  }
  if (out.witnesses.empty() || has_any || !is_mature_) return;
  out.troubles.push_back({"", "", "no witness answers: a node that hears no other one would think "
                                  "that it is cut off",
                          now - witness_.last_answer().value_or(mature_at_)});
}

void Node::append_conflicts(Instant now, Status& out) const {
  for (const auto& [stranger, since, last] : conflicts_.recent(now)) {
    const auto* interface = interfaces_.find(stranger.vip.index);
    out.troubles.push_back({format(stranger.vip.prefix.address),
                            interface != nullptr ? interface->name : "",
                            "claimed by " + format(stranger.mac) +
                                " too, which is no node that is heard here",
                            now - since, now - last});
  }
}

}  // namespace vippy::core
