#include "core/node.h"

#include <algorithm>
#include <utility>

#include "core/assert.h"
#include "core/graduate.h"

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

constexpr Duration kLeaveWithin = 2s;

std::string fresh_nonce(Rng& rng) {
  Digest octets{};
  for (std::size_t i = 0; i < octets.size(); i += 8) {
    auto word = rng.next();
    for (std::size_t j = 0; j < 8; ++j, word >>= 8U) {
      octets[i + j] = static_cast<std::uint8_t>(word);
    }
  }
  return format_digest(octets);
}

}  // namespace

Node::Node(std::string identity, NodeTraits traits, std::uint64_t seed)
    : identity_(std::move(identity)),
      rng_(seed),
      hash_(*shared_, ""),
      reconciler_(traits.address_tags),
      traits_(traits) {
  view_.begin(identity_, rng_.next());
}

void Node::step(const Input& input, Instant now, Actions& out) {
  if (phase_ == Phase::gone) return;
  const auto before = out.size();
  is_repeat_ = false;
  std::visit([&](const auto& what) { on(what, now, out); }, input);
  has_news_ = !std::holds_alternative<Tick>(input) && (has_news_ || !is_repeat_);
  count_frames(out, before);
}

void Node::count_frames(const Actions& out, std::size_t before) {
  for (auto i = before; i < out.size(); ++i) {
    if (std::holds_alternative<Advertise>(out[i])) ++counters_.frames_sent;
  }
}

// ---- tables of the kernel ---------------------------------------------------------------------

void Node::on(const TableBegin& begin, Instant, Actions&) {
  switch (begin.table) {
    case KernelTable::links: interfaces_.begin(begin.table); return;
    case KernelTable::addresses:
      interfaces_.begin(begin.table);
      reconciler_.begin_table();
      return;
    case KernelTable::neighbours: neighbours_.begin_table(); return;
  }
}

void Node::on(const TableComplete& complete, Instant now, Actions& out) {
  switch (complete.table) {
    case KernelTable::links:
      interfaces_.complete(complete.table);
      links_known_ = true;
      place_vips(now, out);
      return;
    case KernelTable::addresses:
      for (const auto& key : reconciler_.complete_table(now)) went_down(key);
      addresses_known_ = true;
      stock_due_.mark_all();
      return;
    case KernelTable::neighbours:
      neighbours_.complete_table();
      offer_neighbours();
      return;
  }
}

void Node::on(const LinkSeen& link, Instant now, Actions& out) {
  const auto* before = interfaces_.find(link.index);
  const bool was_running = before != nullptr && before->is_running;
  const bool is_running = link.exists && link.is_running;
  const bool is_same = before != nullptr && link.exists && before->name == link.name &&
                       was_running == is_running;
  const bool had_trouble = !is_same && has_link_trouble();
  interfaces_.on_link(link);
  stock_due_.mark_all();
  if (link.exists) {
    reconciler_.name_interface(link.index, link.name);
  } else {
    reconciler_.interface_gone(link.index);
    listening_.erase(link.index);
  }
  if (is_same) return;  // a table that is read again
  place_vips(now, out);
  host_changed_ = true;
  if (!links_known_) return;
  if (was_running && !is_running) log(out, event::LinkDown{link.name});
  if (!was_running && is_running) log(out, event::LinkUp{link.name});
  // While the link was away others may have taken over: listen before offering ourselves.
  if (had_trouble && !has_link_trouble()) begin_settling(now);
}

void Node::on(const AddressSeen& address, Instant now, Actions& out) {
  const AddressKey key{address.index, address.prefix, address.plumb};
  const bool is_vip = is_configured(key);
  const auto change = reconciler_.observe(address, is_vip, now, out);
  stock_changed(key);
  // A VIP does not say which subnet an interface is on.
  if (!is_vip && address.plumb == Plumb::address) {
    interfaces_.on_address(address);
    host_changed_ = listen_changed_ = true;
  }
  if (change == Reconciler::Change::came_up) came_up(key, now, out);
  if (change == Reconciler::Change::went_down) went_down(key);
}

void Node::on(const NeighbourSeen& neighbour, Instant now, Actions&) {
  neighbours_.on_local(neighbour, now);
}

// ---- announcements ----------------------------------------------------------------------------

void Node::on(const DatagramRefused&, Instant, Actions&) {
  ++counters_.ignored;
  ++counters_.ignored_malformed;
}

void Node::on(const AnnouncementHeard& heard, Instant now, Actions& out) {
  if (phase_ != Phase::running) return;
  const auto& announcement = heard.announcement;
  const auto received = std::min(heard.received, now);
  if (!speaks_1(config_.protocol)) {
    ++counters_.ignored;
    ++counters_.ignored_protocol;
    if (plain_.is_due(heard.source, received)) log(out, event::PeerPlain{announcement.me});
    return;
  }
  if (hash_.matches(announcement.hash, announcement.nonce)) {
    believe(heard, received, out);
    return;
  }
  if (!AnnouncementHash(*announcement.shared, config_.secret)
           .matches(announcement.hash, announcement.nonce)) {
    ++counters_.ignored;
    ++counters_.ignored_forged;
    unbelieved(heard, true, received, out);
    return;
  }
  if (announcement.shared->version <= shared_->version) {
    disbelieve(announcement, received, out);
    return;
  }
  if (const auto why = unusable(*announcement.shared, config_.protocol)) {
    return not_adopted(announcement.shared->version, announcement.me, *why, out);
  }
  adopt(prepare(localise(*announcement.shared, *shared_, interfaces_)), announcement.me, now, out);
  believe(heard, received, out);
}

// Whoever is not believed is no member for us, and we are perhaps none for it: both may hold the
// same addresses. The operator must hear of it.
void Node::unbelieved(const AnnouncementHeard& heard, bool is_forged, Instant received,
                      Actions& out) {
  auto& reminders = is_forged ? forged_ : strangers_;
  if (!reminders.is_due(heard.source, received)) return;
  log(out, event::Unbelieved{format(heard.source), heard.announcement.me, is_forged});
}

// Every announcement of ours comes back to us. One that we did not make comes from a host that
// was given our name.
void Node::heard_ourselves(const AnnouncementHeard& heard, Instant received, Actions& out) {
  const auto& nonce = heard.announcement.nonce;
  if (std::find(own_nonces_.begin(), own_nonces_.end(), nonce) != own_nonces_.end()) return;
  if (!identity_taken_.is_due(heard.source, received)) return;
  log(out, event::IdentityTaken{identity_taken_.who});
}

void Node::believe(const AnnouncementHeard& heard, Instant received, Actions& out) {
  const auto& announcement = heard.announcement;
  const auto peer = membership_.find(announcement.me);
  if (!peer) {
    ++counters_.ignored;
    ++counters_.ignored_stranger;
    unbelieved(heard, false, received, out);
    return;
  }
  ++counters_.announcements_received;
  if (peer == membership_.self()) {
    heard_ourselves(heard, received, out);
    return;
  }
  meet(*peer, heard.source, received);
  neighbours_.on_peer(announcement.neighbours, received);
  // What it says in protocol 2 is the better word for as long as it is heard.
  if (goes_by_facts() && view_.speaks_2(*peer)) return;
  differing_[*peer].since.reset();
  const bool was_silent = membership_.is_silent(*peer);
  const auto change =
      membership_.heard(*peer, announcement.is_active, announcement.shared->version, received);
  if (goes_by_facts() && view_.hear_plain(*peer, membership_.is_active(*peer)).changed) {
    members_changed_ = true;
  }
  // A newcomer should not have to wait a whole interval to learn of us.
  if (was_silent) announce_soon(received);
  peer_changed(*peer, change, out);
}

void Node::announce_soon(Instant now) {
  announce_at_ = std::min(announce_at_, now + config_.interval / 8);
}

void Node::peer_changed(std::size_t peer, Membership::Change change, Actions& out) {
  switch (change) {
    case Membership::Change::none: return;
    case Membership::Change::became_active:
      log(out, event::PeerActive{membership_.name(peer)});
      break;
    case Membership::Change::returned_active:
      log(out, event::PeerActive{membership_.name(peer)});
      returned_ = membership_.name(peer);
      break;
    case Membership::Change::left:
      // Whoever has other contents is logged as that.
      if (view_.is_given_up(peer)) {
        log(out, event::PeerDied{membership_.name(peer)});
      } else if (!view_.is_outsider(peer)) {
        log(out, event::PeerLeft{membership_.name(peer)});
      }
      break;
  }
  members_changed_ = true;
}

// Authentic, but under another configuration than ours.
void Node::disbelieve(const Announcement& announcement, Instant received, Actions& out) {
  const auto version = announcement.shared->version;
  const auto peer = membership_.find(announcement.me);
  const bool is_news =
      peer && peer != membership_.self() && membership_.note_outdated(*peer);
  ++counters_.ignored;
  if (version < shared_->version) {
    ++counters_.ignored_old;
    if (is_news) log(out, event::PeerOld{announcement.me, version, shared_->version});
    return;
  }
  ++counters_.ignored_differing;
  if (peer && peer != membership_.self()) note_differing(*peer, received);
  // Whoever has not served yet stays out of it while others do: they keep what they have. When
  // nobody has, the first by name goes first.
  const bool goes_first = announcement.is_active || announcement.me < identity_;
  if (!ever_active_ && goes_first) differing_heard_ = received;
  if (is_news) log(out, event::PeerDiffers{announcement.me, version});
}

void Node::announce(Instant now, Actions& out) {
  // What was here since the last announcement counts once more as here: others wait for the next.
  const bool tells_former = is_mature_ && touched_ != parts_;
  if (speaks_2(config_.protocol)) speak_beat(now, out);
  if (speaks_1(config_.protocol)) {
    SendAnnouncement send;
    send.announcement.me = identity_;
    send.announcement.is_active = is_active_;
    send.announcement.shared = shared_;
    send.announcement.nonce = fresh_nonce(rng_);
    own_nonces_[next_nonce_++ % own_nonces_.size()] = send.announcement.nonce;
    send.announcement.hash = hash_.of(send.announcement.nonce);
    send.announcement.neighbours = neighbours_.local_ipv4();
    if (config_.guard && !goes_by_facts()) {
      auto will = send.announcement;
      will.is_active = false;
      out.push_back(KeepWill{std::move(will)});
    }
    out.push_back(std::move(send));
  }
  ++counters_.announcements_sent;
  lengthen_pause(now);
  announced_last_ = now;
  announce_at_ = now + config_.interval;
  if (tells_former) announce_change(now);
}

// ---- requests and the rest --------------------------------------------------------------------

void Node::came_up(const AddressKey& key, Instant now, Actions& out) {
  const auto* interface = interfaces_.find(key.index);
  const auto* group = group_of(key);
  if (interface == nullptr || group == nullptr || !is_spoken_of(*group)) return;
  advertiser_.start(key.index, key.prefix, interfaces_, now, out);
  ask_neighbours(key, now);
}

void Node::on(const OutcomeArrived& outcome, Instant now, Actions& out) {
  if (outcome.failure != FailureKind::none) ++counters_.requests_failed;
  const auto answer = reconciler_.outcome(outcome.id, outcome.failure, now, out);
  if (!answer) {
    on_open_outcome(outcome, now, out);
    return;
  }
  stock_changed(answer->key);
  if (answer->change == Reconciler::Change::came_up) came_up(answer->key, now, out);
  if (answer->change == Reconciler::Change::went_down) went_down(answer->key);
}

void Node::on(const HealthReported& health, Instant, Actions&) {
  const auto found = std::find_if(health_.begin(), health_.end(), [&](const auto& report) {
    return report.first == health.reason;
  });
  if (found != health_.end()) {
    found->second = health.is_good;
  } else {
    health_.emplace_back(health.reason, health.is_good);
  }
}

void Node::on(const StopRequested&, Instant now, Actions& out) {
  if (phase_ == Phase::leaving) return;
  if (phase_ != Phase::running) {
    phase_ = Phase::gone;
    out.push_back(Exit{0});
    return;
  }
  phase_ = Phase::leaving;
  leave_by_ = now + kLeaveWithin;
  log(out, event::Stopping{});
  if (forfeits_) forfeit(*forfeits_, now, linger(), out);  // there is no time to wait for others
  if (goes_by_facts()) return;  // the others come first: see keeps_while_leaving()
  is_active_ = false;
  // First the others, so that they take over while our addresses go.
  announce(now, out);
  want({});
}

void Node::on(const Fenced& fenced, Instant now, Actions& out) {
  ++counters_.fenced;
  if (phase_ != Phase::running && phase_ != Phase::leaving) return;
  log(out, event::WasFenced{});
  view_.hearing().next_sender();  // the guard said our will under this number
  if (goes_by_facts()) membership_.excuse(now - announce_at_, now);
  announced_last_ = now;
  forfeit(Forfeit::fenced, now, std::min(linger(), fenced.left), out);
}

void Node::on(const SendRefused& refused, Instant now, Actions& out) {
  ++counters_.sends_failed;
  if (!send_refused_.is_due({}, now)) return;
  log(out, event::SendRefusedOnce{refused.is_frame, refused.failure});
}

void Node::tick_running(Instant now, Actions& out) {
  if (std::exchange(host_changed_, false)) {
    note_path(now);
    place_again(now, out);
  }
  judge_lateness(now, out);
  judge_silence(now, out);
  if (goes_by_facts()) judge_standing(now);
  judge_self(now, out);
  if (goes_by_facts()) {
    decide_by_facts(now, out);
  } else {
    decide(now, out);
  }
}

// Its first word under a new configuration waits for the whole picture, an interval at most.
bool Node::may_announce(Instant now) const {
  if (announce_at_ > now || forfeits_) return false;
  const bool is_partial = goes_by_facts() && config_changed_ && stock_due_.any();
  return !is_partial || now - announce_at_ >= config_.interval;
}

void Node::on(const Tick&, Instant now, Actions& out) {
  if (phase_ != Phase::running && phase_ != Phase::leaving) return;
  must_look_again_ = false;
  if (phase_ == Phase::running || goes_by_facts()) tick_running(now, out);
  reconciler_.plan(now, next_id_, out);
  for (const auto& key : reconciler_.take_adopted()) came_up(key, now, out);
  if (phase_ == Phase::running || goes_by_facts()) {
    // A node that gives up does it before it speaks.
    if (may_announce(now)) announce(now, out);
    if (goes_by_facts() && !forfeits_) speak_contents(now, out);
  }
  if (goes_by_facts()) renew_will(out);
  if (harvest_at_ <= now) {
    out.push_back(HarvestNeighbours{});
    neighbours_.forget_old(now);
    harvest_at_ = now + config_.arp_cache;
  }
  watch(now, out);
  advertiser_.poll(neighbours_, interfaces_, now, out);
  if (phase_ == Phase::leaving) finish_leaving(now, out);
}

Instant Node::next_deadline() const {
  if (phase_ != Phase::running && phase_ != Phase::leaving) return Instant::max();
  if (must_look_again_) return Instant{};
  auto earliest = std::min(reconciler_.next_deadline(), advertiser_.next_deadline());
  if (phase_ == Phase::leaving) {
    earliest = std::min(earliest, leave_by_);
    if (!goes_by_facts()) return earliest;
  }
  earliest = std::min({earliest, harvest_at_, membership_.next_expiry(), watch_deadline()});
  if (goes_by_facts()) earliest = std::min(earliest, hold_deadline());
  if (!forfeits_) {
    earliest = std::min(earliest, announce_at_);
    if (goes_by_facts()) earliest = std::min(earliest, contents_.next_deadline());
  }
  if (!is_active_) earliest = std::min(earliest, self_deadline());
  return earliest;
}

}  // namespace vippy::core
