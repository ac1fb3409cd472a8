// Node, the configuration part: starting, reloading, adopting, and where VIPs lie on this host.
#include <algorithm>
#include <utility>

#include "core/graduate.h"
#include "core/node.h"

namespace vippy::core {

MembershipTuning Node::tuning() const {
  return {config_.stale, config_.mature, config_.interval};
}

void Node::on(const ConfigLoaded& loaded, Instant now, Actions& out) {
  if (phase_ == Phase::unconfigured) {
    begin_opening(loaded.config, out);
  } else if (phase_ == Phase::running) {
    reload(loaded, now, out);
  }
}

void Node::on(const ConfigRefused& refused, Instant, Actions& out) {
  log(out, event::ConfigReloadRefused{refused.first});
}

// The management socket comes first: a second daemon must stop before it touches anything.
void Node::begin_opening(const Config& config, Actions& out) {
  config_ = config;
  phase_ = Phase::opening;
  out.push_back(SetLogging{config_.logging});
  open_management(out);
}

void Node::open_management(Actions& out) {
  management_id_ = next_id_++;
  out.push_back(OpenManagement{management_id_, config_.management, config_.management_mode});
}

void Node::open_chat(Actions& out) {
  chat_id_ = next_id_++;
  out.push_back(OpenChat{chat_id_, config_.chat_address, config_.chat_port,
                         config_.chat_interfaces, config_.peers,
                         view_.hearing().own_session()});
}

void Node::open_injector(Actions& out) {
  injector_id_ = next_id_++;
  out.push_back(UseInjector{injector_id_, config_.inject});
}

void Node::begin_running(Instant now, Actions& out) {
  phase_ = Phase::running;
  use_own_keys(out);
  open_chat(out);
  open_injector(out);
  apply_shared(prepare(config_.shared), now, out);
  std::vector<AddressKey> configured;
  for (const auto& [key, group] : placed_) configured.push_back(key);
  reconciler_.claim(configured);  // the tables may have come before
  config_changed_ = false;
  mature_at_ = now + config_.mature;
  announce_at_ = now;
  harvest_at_ = now + config_.arp_cache;
  log(out, event::Started{identity_, shared_->version, shared_->groups.size()});
  if (!config_.plugins.empty()) log(out, event::PluginsNotRun{config_.plugins.size()});
}

void Node::on_open_outcome(const OutcomeArrived& outcome, Instant now, Actions& out) {
  const bool failed = outcome.failure != FailureKind::none;
  const auto report = [&](std::string what) {
    if (failed) log(out, event::OpenFailed{std::move(what), outcome.failure});
    return failed;
  };
  const bool is_management = outcome.id == management_id_;
  if (is_management) report("management socket " + config_.management);
  if (outcome.id == chat_id_) {
    chat_failed_ = report("chat " + format(config_.chat_address) + " on " +
                          config_.chat_interfaces.front());
  }
  if (outcome.id == injector_id_) injector_failed_ = report("injector");
  if (is_management && phase_ == Phase::opening && !failed) {
    begin_running(now, out);
    return;
  }
  // At the start everything must open. Later the old one stays and the operator is told.
  const bool is_start = phase_ == Phase::opening || (phase_ == Phase::running && !has_opened());
  if (failed && is_start) {
    phase_ = Phase::gone;
    out.push_back(Exit{1});
  }
  if (!failed && outcome.id == chat_id_) chat_opened_ = true;
  if (!failed && outcome.id == injector_id_) injector_opened_ = true;
}

// What both starting and reloading set.
void Node::use_own_keys(Actions& out) {
  UseSecrets use{{config_.secret}};
  use.secrets.insert(use.secrets.end(), config_.previous_secrets.begin(),
                     config_.previous_secrets.end());
  out.push_back(std::move(use));
  // Peers take over in less than this, as a rule; with break-first nobody may wait for it.
  constexpr Duration kHandOver = std::chrono::milliseconds(3);
  const auto hand_over = makes_first() ? std::min(config_.stale, kHandOver) : Duration::zero();
  out.push_back(UseScheduling{config_.realtime, config_.lock_memory});
  out.push_back(UseGuard{config_.guard, config_.stale, config_.guard_kill, hand_over,
                         config_.realtime});
  using std::chrono::milliseconds;
  const auto ask_again = 4 * config_.interval;
  contents_.configure(std::clamp<Duration>(ask_again, milliseconds(4), milliseconds(20)));
  standing_.configure(config_.isolation, config_.quorum, config_.stale + 2 * config_.interval);
  if (traits_.address_lifetimes) reconciler_.set_lease(config_.lease);
  const auto together = 2 * moves_per_turn();
  reconciler_.ask_at_once(together);
  advertiser_.configure(config_.notify, config_.notify_rate, config_.notify_refresh,
                        static_cast<std::uint32_t>(together));
  const bool asks_nobody =
      config_.isolation == Isolation::hold && config_.quorum == Quorum::none;
  witness_.configure(asks_nobody ? std::vector<IpAddress>() : config_.witness, config_.interval,
                     config_.stale);
}

// ---- reload -----------------------------------------------------------------------------------

void Node::reload(const ConfigLoaded& loaded, Instant now, Actions& out) {
  const auto& config = loaded.config;
  const auto& fresh = *config.shared;
  auto prepared = loaded.prepared ? *loaded.prepared : prepare(config.shared);
  // Protocol 1 does not compare prefix lengths.
  const bool same = speaks_1(config.protocol) ? same_to_cluster(fresh, *shared_)
                                              : prepared.derived->text == derived().text;
  const auto is_only_us = [&](const std::vector<std::string>& nodes) {
    return nodes.size() == 1 && nodes.front() == identity_;
  };
  const bool is_ours_alone = is_only_us(fresh.nodes) && is_only_us(shared_->nodes);
  if (!same && fresh.version == shared_->version && !is_ours_alone) {
    log(out, event::ConfigReloadRefused{
                 "vips or nodes changed but version is still " + std::to_string(fresh.version) +
                 ": the other nodes would not follow; raise version"});
    return;
  }
  // By the old measure: a shorter `stale` must not make us late for the past.
  judge_lateness(now, out);
  if (announced_last_) announced_last_ = now;
  const bool went_by_facts = goes_by_facts();
  const auto before = std::exchange(config_, config);
  out.push_back(SetLogging{config_.logging});
  use_own_keys(out);
  open_what_changed(before, out);
  announce_at_ = std::min(announce_at_, now + config_.interval);
  harvest_at_ = std::min(harvest_at_, now + config_.arp_cache);
  if (fresh.version < shared_->version) {
    // The cluster has moved on since the file was written.
    log(out, event::ConfigFileOld{fresh.version, shared_->version});
    prepared = {localise(*shared_, fresh, interfaces_), prepared_.derived};
  }
  if (goes_by_facts() && !went_by_facts) begin_by_facts();
  if (!goes_by_facts()) forfeits_.reset();  // protocol 1 knows no such silence
  apply_shared(prepared, now, out);
  log(out, event::ConfigReloaded{shared_->version});
}

// What was decided in protocol 1 are the first facts: who is active, and what we have.
void Node::begin_by_facts() {
  for (std::size_t i = 0; i < membership_.size(); ++i) {
    if (i == membership_.self() || membership_.is_silent(i)) continue;
    static_cast<void>(view_.hear_plain(i, membership_.is_active(i)));
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    claims_.set(i, membership_.self() && groups_[i].owner == *membership_.self());
  }
}

// What changed, and what could not be opened the last time. The management socket is a file, and
// somebody may have removed it: the platform leaves alone what is still there.
void Node::open_what_changed(const Config& before, Actions& out) {
  open_management(out);
  if (chat_failed_ || before.chat_address != config_.chat_address ||
      before.chat_port != config_.chat_port ||
      before.chat_interfaces != config_.chat_interfaces || before.peers != config_.peers) {
    open_chat(out);
  }
  if (injector_failed_ || before.inject != config_.inject) open_injector(out);
}

// ---- graduation -------------------------------------------------------------------------------

void Node::adopt(const Prepared& received, const std::string& from, Instant now, Actions& out) {
  log(out, event::ConfigAdopted{from, shared_->version, received.shared->version,
                                received.derived->digest});
  ++counters_.configurations_adopted;
  apply_shared(received, now, out);
}

void Node::not_adopted(std::uint64_t version, const std::string& from, const std::string& why,
                       Actions& out) {
  if (differing_version_ != version) log(out, event::ConfigNotAdopted{from, version, why});
  differing_version_ = version;
  ++counters_.ignored;
  ++counters_.ignored_differing;
}

void Node::on(const ContentPrepared& content, Instant now, Actions& out) {
  contents_.looked_at(content.digest);
  if (phase_ != Phase::running && phase_ != Phase::leaving) return;
  if (!content.prepared) {
    ++counters_.ignored;
    ++counters_.ignored_malformed;
    return contents_.refuse(content.digest);
  }
  const auto& received = *content.prepared;
  const auto version = received.shared->version;
  if (version <= shared_->version) return view_.learn(received);
  if (content.unusable) {
    not_adopted(version, content.from, *content.unusable, out);
    return contents_.refuse(content.digest);
  }
  if (content.known == shared_) return adopt(received, content.from, now, out);
  // Another one came in force meanwhile: where VIPs lie here is to be seen from that one.
  adopt({localise(*received.shared, *shared_, interfaces_), received.derived}, content.from, now,
        out);
}

// ---- what a configuration changes -------------------------------------------------------------

void Node::apply_shared(const Prepared& prepared, Instant now, Actions& out) {
  const auto before = std::exchange(prepared_, prepared);
  shared_ = prepared_.shared;
  if (config_.shared->version >= shared_->version) {
    file_old_since_.reset();
  } else if (!file_old_since_) {
    file_old_since_ = now;
  }
  contents_.offer(Content::configuration, derived().digest, shared_->version, derived().text);
  view_.configure(prepared_);
  neighbours_of_.assign(shared_->nodes.size(), 0);
  differing_.assign(shared_->nodes.size(), {});
  one_way_.assign(shared_->nodes.size(), {});
  deaf_.assign(shared_->nodes.size(), {});
  came_in_on_.assign(shared_->nodes.size(), 0);
  if (speaks_1(config_.protocol)) hash_ = AnnouncementHash(*shared_, config_.secret);
  const bool was_node = membership_.self().has_value();
  membership_.configure(shared_->nodes, identity_, tuning());
  conflicts_.keep_nodes(shared_->nodes);
  if (!membership_.self() && (was_node || !ever_decided_)) log(out, event::NotANode{identity_});
  carry_groups_over(*before.shared, *before.derived, now);
  // What is here stays ours to hand over, in whatever group it is now.
  newer_heard_.reset();
  claims_ = ClaimMap(*before.derived, derived()).map(claims_);
  refusals_ = parts_ = touched_ = BitSet(groups_.size());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    groups_[i].is_held = claims_.test(i);
    groups_[i].told_since = kUntold;
  }
  facts_.assign(shared_->nodes.size(), NodeFacts{});
  stock_due_.resize(groups_.size());
  decide_due_.resize(groups_.size());
  others_due_.resize(groups_.size());
  static_cast<void>(others_due_.take());  // all of them are in the other list
  untold_.resize(groups_.size());
  unanswered_.resize(groups_.size());
  hold_deadlines_.resize(groups_.size());
  host_changed_ = true;  // links and addresses may be others than when it was prepared
  place_vips(now, out);
  config_changed_ = true;
  members_changed_ = true;
  announce_at_ = std::min(announce_at_, now);
  // Whoever turns inactive in the very announcement in which its version rises is taken for a node
  // of the reference that matures again. What we turn to now comes in the next one.
  const bool is_raised = before.shared->version < shared_->version;
  // But whoever was silent for too long does not speak before the next turn has judged that.
  const bool may_speak = !is_late(now) && !settling_since_ && !forfeits_;
  const bool is_watched =
      speaks_1(config_.protocol) && is_active_ && membership_.self() && may_speak;
  if (!is_raised || !is_watched) return;
  announce(now, out);
  if (goes_by_facts()) renew_will(out);
}

// Groups are known again by their first address; owners by their name.
void Node::carry_groups_over(const Shared& before, const Derived& known, Instant now) {
  std::vector<std::size_t> node_now;
  for (const auto& name : before.nodes) {
    node_now.push_back(membership_.find(name).value_or(kNobody));
  }
  auto groups_before = std::exchange(groups_, {});
  groups_.reserve(shared_->groups.size());
  for (const auto& group : shared_->groups) {
    const auto& first = group.vips.front();
    const auto found = std::lower_bound(known.group_of.begin(), known.group_of.end(),
                                        std::pair(first.address, std::uint16_t{0}));
    const bool is_known = found != known.group_of.end() && found->first == first.address &&
                          before.groups[found->second].vips.front().text == first.text;
    groups_.push_back(is_known ? std::exchange(groups_before[found->second], {})
                               : GroupState{.since = now});
    auto& owner = groups_.back().owner;
    if (owner != kNobody) owner = node_now[owner];
  }
  for (const auto& gone : groups_before) {
    for (const auto& key : gone.keys) {
      if (key) displaced_.push_back(*key);
    }
  }
}

void Node::place_vips(Instant now, Actions& out) {
  const auto nowhere_before = std::exchange(nowhere_since_, {});
  has_unplaced_ = false;
  placed_.clear();
  vips_.clear();
  listen_changed_ = true;
  std::vector<std::optional<AddressKey>> keys;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const auto& vips = shared_->groups[i].vips;
    keys.assign(vips.size(), std::nullopt);
    for (std::size_t j = 0; j < vips.size(); ++j) {
      has_unplaced_ = has_unplaced_ || vips[j].interface.empty();
      vips_.push_back(vips[j].address);
      const auto* interface = interfaces_.find(vips[j].interface);
      if (interface != nullptr && interface->is_running) {
        const auto plumb = plumb_of(vips[j], config_);
        auto prefix = vips[j].prefix();
        if (plumb == Plumb::route) prefix.length = prefix.address.bits();
        keys[j] = AddressKey{interface->index, prefix, plumb};
        placed_.emplace_back(*keys[j], i);
      } else {
        const auto before = nowhere_before.find(vips[j].text);
        nowhere_since_[vips[j].text] = before != nowhere_before.end() ? before->second : now;
      }
    }
    auto& group = groups_[i];
    if (keys == group.keys) continue;
    for (const auto& key : group.keys) {
      if (key) displaced_.push_back(*key);
    }
    group.keys = keys;
    group.is_wished_whole = group.is_wished_away = false;
    members_changed_ = true;
    stock_due_.mark(i);
  }
  std::sort(placed_.begin(), placed_.end());
  std::sort(vips_.begin(), vips_.end());
  if (links_known_) report_unplaced(out);
}

bool Node::is_configured(const AddressKey& key) const {
  const std::pair first(key, std::size_t{0});
  const auto found = std::lower_bound(placed_.begin(), placed_.end(), first);
  return found != placed_.end() && found->first == key;
}

// A VIP that no interface carried when it was adopted may find one now.
void Node::place_again(Instant now, Actions& out) {
  if (!has_unplaced_) return;
  auto placed = localise(*shared_, *shared_, interfaces_);
  if (*placed != *shared_) apply_shared({std::move(placed), prepared_.derived}, now, out);
}

// Says once which VIPs have no interface here.
void Node::report_unplaced(Actions& out) {
  std::vector<std::string> unplaced;
  for (const auto& group : shared_->groups) {
    for (const auto& vip : group.vips) {
      if (interfaces_.find(vip.interface) == nullptr) unplaced.push_back(vip.text);
    }
  }
  for (const auto& vip : unplaced) {
    if (std::find(unplaced_.begin(), unplaced_.end(), vip) == unplaced_.end()) {
      log(out, event::VipHasNoInterface{vip});
    }
  }
  unplaced_ = std::move(unplaced);
}

}  // namespace vippy::core
