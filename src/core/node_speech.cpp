// Node, protocol 2: what is heard of peers, and what we say.
#include <algorithm>
#include <utility>

#include "core/graduate.h"
#include "core/neighbour_table.h"
#include "core/node.h"

namespace vippy::core {

namespace {

using namespace std::chrono_literals;

// An order for another node is repeated with every announcement until it obeys, for so long.
constexpr Duration kWishFor = 5s;

}  // namespace

// ---- hearing ----------------------------------------------------------------------------------

void Node::on(const MessageRefused& refused, Instant now, Actions& out) {
  ++counters_.ignored;
  if (refused.error != Wire2Error::forged) {
    ++counters_.ignored_malformed;
    return;
  }
  ++counters_.ignored_forged;
  if (phase_ != Phase::running || !forged_.is_due(refused.source, now)) return;
  log(out, event::Unbelieved{format(refused.source), "", true});
}

void Node::on(const MessageHeard& heard, Instant now, Actions& out) {
  if (phase_ != Phase::running && phase_ != Phase::leaving) return;
  const auto received = std::min(heard.received, now);
  const auto& sender = heard.message.sender;
  if (!goes_by_facts()) {
    ++counters_.ignored;
    ++counters_.ignored_protocol;
    return;
  }
  if (view_.hearing().is_self(sender.node)) return hear_own_name(heard, received, out);
  const auto peer = view_.hearing().find(sender.node);
  if (!peer) return hear_stranger(heard, received, out);
  if (const auto* beat = std::get_if<Beat>(&heard.message.body)) {
    return hear_beat(*peer, heard, *beat, received, out);
  }
  const auto verdict = view_.hearing().hear_other(*peer, sender);
  // A node that is not proven yet may ask: its echo shows that it does so now.
  const bool may_ask = verdict == Verdict::unproven &&
                       std::holds_alternative<ContentRequest>(heard.message.body);
  if ((verdict == Verdict::believed || may_ask) && hear_content(heard.message, now, out)) return;
  if (verdict != Verdict::believed) {
    ++counters_.ignored;
    ++(verdict == Verdict::replayed ? counters_.ignored_replayed : counters_.ignored_unproven);
    return;
  }
  if (const auto* order = std::get_if<Order>(&heard.message.body)) obey(*order, out);
}

// A content is what its digest says, whoever sent it; a request shows by its echo that it is new.
bool Node::hear_content(const Message& message, Instant now, Actions& out) {
  if (const auto* request = std::get_if<ContentRequest>(&message.body)) {
    const auto& hearing = view_.hearing();
    if (hearing.proves(request->of)) contents_.on_request(*request, hearing.own_sequence(), now);
    return true;
  }
  const auto* fragment = std::get_if<Fragment>(&message.body);
  if (fragment == nullptr) return false;
  auto text = contents_.on_fragment(*fragment, now);
  if (!text) return true;
  const auto peer = view_.hearing().find(message.sender.node);
  on_content(*fragment, std::move(*text), peer ? membership_.name(*peer) : "a new node", now, out);
  return true;
}

// What we sent comes back to us. Another session under our name is a recording, or another host.
void Node::hear_own_name(const MessageHeard& heard, Instant received, Actions& out) {
  auto& hearing = view_.hearing();
  const auto& sender = heard.message.sender;
  if (sender.session == hearing.own_session()) return;
  ++counters_.ignored;
  const auto* beat = std::get_if<Beat>(&heard.message.body);
  const bool is_live = beat != nullptr && hearing.hear_namesake(sender, *beat);
  ++(is_live ? counters_.ignored_namesake : counters_.ignored_replayed);
  if (!is_live) return;
  // Whoever has not served yet stays out of it while the other one does. When neither has, one of
  // them goes first.
  const bool goes_first = beat->is_active || sender.session < hearing.own_session();
  if (!ever_active_ && goes_first) namesake_heard_ = received;
  if (identity_taken_.is_due(heard.source, received)) {
    log(out, event::IdentityTaken{identity_taken_.who});
  }
}

// A node that our configuration does not know: it may belong to a newer one. Whoever hears us is
// no recording.
void Node::hear_stranger(const MessageHeard& heard, Instant received, Actions& out) {
  const auto* beat = std::get_if<Beat>(&heard.message.body);
  if (beat != nullptr) view_.hearing().hear_former(heard.message.sender, *beat);
  const bool is_live = beat != nullptr && view_.hearing().proves(*beat);
  if (is_live && beat->version > shared_->version && !contents_.is_refused(beat->digest)) {
    contents_.want(Content::configuration, beat->digest, echo_of(heard.message.sender), received);
    return;
  }
  if (hear_content(heard.message, received, out)) return;
  ++counters_.ignored;
  ++counters_.ignored_stranger;
  if (!is_live || !strangers_.is_due(heard.source, received)) return;
  log(out, event::Unbelieved{format(heard.source), "", false});
}

// Nothing is on its way that the mere voice of a peer could bring forward.
bool Node::is_steady() const {
  const bool is_waiting = settling_since_ || forfeits_ || unanswered_.any();
  return phase_ == Phase::running && is_active_ && !is_waiting;
}

void Node::hear_beat(std::size_t peer, const MessageHeard& heard, const Beat& beat,
                     Instant received, Actions& out) {
  const bool was_silent = membership_.is_silent(peer);
  const auto* before = view_.hearing().latest(peer);
  const bool is_same_view = before != nullptr && before->view == beat.view;
  const bool is_new_content = before != nullptr && before->digest != beat.digest;
  const auto news = view_.hear(peer, heard.message.sender, beat, heard.source);
  switch (news.verdict) {
    case Verdict::believed: break;
    case Verdict::deaf: return hear_deaf(peer, heard, beat, received, out);
    case Verdict::namesake: return hear_namesake(peer, heard.source, received, out);
    case Verdict::replayed:
      if (is_further_path(peer, heard, received)) {
        view_.hearing().add_source(peer, heard.source);
        return meet(peer, heard.source, received);
      }
      ++counters_.ignored;
      ++counters_.ignored_replayed;
      return;
    case Verdict::unproven:
      ++counters_.ignored;
      ++counters_.ignored_unproven;  // it waits for our next echo; recordings bring nothing forward
      return note_one_way(peer, heard.source, received, out);
  }
  ++counters_.announcements_received;
  one_way_[peer].since.reset();
  meet(peer, heard.source, received);  // said now: no recording tells where a node is
  came_in_on_[peer] = heard.interface;
  if (was_silent) announce_soon(received);
  const bool was_active = membership_.is_active(peer);
  const bool was_deaf = std::exchange(deaf_[peer], {}).heard.has_value();
  const auto change = membership_.heard(peer, news.counts && !view_.is_outsider(peer), 0, received);
  peer_changed(peer, change, out);
  const bool is_same_member = !news.is_whole && was_active == membership_.is_active(peer);
  members_changed_ = members_changed_ || !is_same_member;
  if (news.changed) {
    view_.take_changed().for_each([this](std::size_t group) { decide_due_.mark(group); });
  }
  if (is_new_content) renew_contests(received);
  compare_contents(peer, heard.message.sender, beat, received, out);
  is_repeat_ = is_steady() && is_same_member && !was_silent && !was_deaf && is_same_view &&
               !news.changed && change == Membership::Change::none &&
               beat.digest == derived().digest;
}

// The announcement that was believed a moment ago, by another path to another of our interfaces.
bool Node::is_further_path(std::size_t peer, const MessageHeard& heard, Instant received) const {
  const auto first = came_in_on_[peer];
  if (first == 0 || heard.interface == 0 || first == heard.interface) return false;
  return view_.hearing().repeats_latest(peer, heard.message.sender) &&
         received - membership_.heard_last(peer).value_or(received) <= config_.interval;
}

// Two hosts were given one name. Whoever of them came first is the node.
void Node::hear_namesake(std::size_t peer, const IpAddress& source, Instant received,
                         Actions& out) {
  ++counters_.ignored;
  ++counters_.ignored_namesake;
  if (!name_shared_.is_due(source, received)) return;
  const auto& node = membership_.name(peer);
  const auto heard = format(view_.hearing().source(peer));
  log(out, event::NameShared{node, heard, name_shared_.who});
  name_shared_.who = "node " + node + " is announced by " + heard + ", which is heard, and by " +
                     name_shared_.who + ", which is not";
}

// It speaks and does not hear us, or it is a recording from a time when it did not: nothing that it
// says counts but that it may be there (see standing.h).
void Node::hear_deaf(std::size_t peer, const MessageHeard& heard, const Beat& beat,
                     Instant received, Actions& out) {
  ++counters_.ignored;
  ++counters_.ignored_unproven;
  note_one_way(peer, heard.source, received, out);
  auto& deaf = deaf_[peer];
  if (!deaf.heard) {
    log(out, event::PeerDeaf{membership_.name(peer)});
    one_way_[peer].is_said = true;
  }
  deaf = {received, beat.is_active, view_.may_have(beat)};
  // It may have left us out: a content is what its digest says, whoever speaks of it.
  if (beat.version <= shared_->version) return;
  contents_.want(Content::configuration, beat.digest, echo_of(heard.message.sender), received);
}

// Every start has a moment of this: only what lasts is a trouble.
bool Node::is_one_way(std::size_t peer, Instant now) const {
  const auto& one = one_way_[peer];
  const auto patience = config_.stale + 2 * config_.interval;
  return one.since && one.last - *one.since > patience && now - one.last <= patience;
}

// Recordings look the same, but not for as long as the node itself is believed.
void Node::note_one_way(std::size_t peer, const IpAddress& source, Instant received,
                        Actions& out) {
  auto& one = one_way_[peer];
  if (!one.since || received - one.last > config_.stale + 2 * config_.interval) {
    one.since = received;
    one.is_said = false;
  }
  one.last = received;
  one.source = source;
  if (one.is_said || !is_one_way(peer, received)) return;
  if (one.said_at && received - *one.said_at < kRemindEvery) return;
  one.is_said = true;
  one.said_at = received;
  log(out, event::PeerOneWay{membership_.name(peer), format(source)});
}

void Node::note_differing(std::size_t peer, Instant received) {
  auto& differing = differing_[peer];
  if (!differing.since || received - differing.last > config_.stale) differing.since = received;
  differing.last = received;
}

// What the peer runs and knows, against what we do.
void Node::compare_contents(std::size_t peer, const Sender& sender, const Beat& beat,
                            Instant received, Actions& out) {
  if (beat.neighbours != 0 && neighbours_of_[peer] != beat.neighbours) {
    contents_.want(Content::neighbours, beat.neighbours, echo_of(sender), received);
  }
  if (beat.digest == derived().digest) {
    differing_[peer] = {};
    return;
  }
  if (beat.version > shared_->version || !view_.knows(beat.digest)) {
    contents_.want(Content::configuration, beat.digest, echo_of(sender), received);
  }
  if (beat.version > shared_->version) {
    if (!contents_.is_refused(beat.digest)) newer_heard_ = received;
    return;
  }
  const bool is_news = std::exchange(differing_[peer].complained_of, beat.digest) != beat.digest;
  if (beat.version < shared_->version) {
    ++counters_.ignored_old;
    differing_[peer].since.reset();
    if (is_news) log(out, event::PeerOld{membership_.name(peer), beat.version, shared_->version});
    return;
  }
  ++counters_.ignored_differing;
  note_differing(peer, received);
  // Whoever has not served yet stays out of it while others do: they keep what they have. When
  // nobody has, the first by name goes first.
  const bool goes_first = beat.is_active || membership_.name(peer) < identity_;
  if (!ever_active_ && goes_first) differing_heard_ = received;
  if (is_news) log(out, event::PeerDiffers{membership_.name(peer), beat.version});
}

void Node::on_content(const Fragment& last, std::string text, const std::string& from, Instant now,
                      Actions& out) {
  if (last.what == Content::neighbours) {
    for (std::size_t i = 0; i < neighbours_of_.size(); ++i) {
      const auto* beat = view_.hearing().latest(i);
      if (beat != nullptr && beat->neighbours == last.digest) neighbours_of_[i] = last.digest;
    }
    if (const auto entries = parse_neighbours(text)) neighbours_.on_peer(*entries, now);
    return;
  }
  contents_.look_at(last.digest);
  out.push_back(PrepareContent{std::make_shared<const ContentTask>(
      ContentTask{std::move(text), last.digest, from, config_.protocol, shared_, interfaces_})});
}

// ---- orders -----------------------------------------------------------------------------------

void Node::obey(const Order& order, Actions& out) {
  if (order.node == view_.hearing().own_id()) drain(order.what == OrderKind::drain, out);
}

void Node::drain(bool is_drain, Actions& out) {
  if (std::exchange(is_drained_, is_drain) == is_drain) return;
  log(out, event::Drained{identity_, is_drain});
}

void Node::on(const OrderGiven& given, Instant now, Actions& out) {
  if (given.node.empty() || given.node == identity_) {
    drain(given.what == OrderKind::drain, out);
    return;
  }
  if (!goes_by_facts()) {
    log(out, event::OrderUnheard{given.node});
    return;
  }
  const Order order{given.what, node_id(given.node)};
  std::erase_if(wishes_, [&](const Wish& wish) { return wish.order.node == order.node; });
  wishes_.push_back({order, now + kWishFor});
  announce_at_ = std::min(announce_at_, now);
}

void Node::speak_orders(Instant now, Actions& out) {
  for (std::size_t i = 0; i < wishes_.size();) {
    const auto [order, until] = wishes_[i];
    const auto peer = view_.hearing().find(order.node);
    const bool is_done =
        peer && view_.speaks_2(*peer) &&
        view_.is_leaving(*peer) == (order.what == OrderKind::drain);
    const bool is_late = !peer || now >= until;
    if (is_late && !is_done) {
      log(out, event::OrderUnheard{peer ? membership_.name(*peer) : std::string("?")});
    }
    if (is_done || is_late) {
      wishes_.erase(wishes_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    speak(order, out);
    ++i;
  }
}

// ---- speaking ---------------------------------------------------------------------------------

void Node::speak(MessageBody body, Actions& out) {
  out.push_back(SendMessage{{view_.hearing().next_sender(), std::move(body)}});
}

// Echoes of what we sent before the last 2 stale prove nothing any more.
void Node::mark_sequence(Instant now) {
  const auto sequence = view_.hearing().own_sequence();
  auto& last = marks_[(next_mark_ + marks_.size() - 1) % marks_.size()];
  if (last.sequence == 0 || now - last.at >= config_.stale / 8) {
    marks_[next_mark_] = {now, sequence};
    next_mark_ = (next_mark_ + 1) % marks_.size();
  }
  std::uint64_t since = 0;
  for (const auto& mark : marks_) {
    const bool is_old = now - mark.at > 2 * config_.stale + config_.interval;
    if (is_old) since = std::max(since, mark.sequence);
  }
  view_.hearing().set_fresh(since);
}

Beat Node::own_beat() {
  Beat beat;
  beat.is_active = is_active_;
  beat.is_leaving = phase_ == Phase::leaving || is_drained_;
  beat.is_settled = is_settled_;
  beat.version = shared_->version;
  beat.digest = derived().digest;
  beat.neighbours = contents_.offered(Content::neighbours);
  beat.interval = config_.interval;
  beat.stale = config_.stale;
  view_.hearing().echo_into(beat);
  for (std::size_t i = 0; i < shared_->nodes.size(); ++i) {
    beat.view.set(i, i == membership_.self() ? is_active_ : membership_.is_active(i));
  }
  beat.claims = claims_;
  if (refuses_) beat.refusals = refusals_;
  if (touched_.any()) beat.parts = touched_;
  // What was left over from an earlier run is told until the others surely believe us.
  if (is_mature_) touched_ = parts_;
  return beat;
}

void Node::speak_beat(Instant now, Actions& out) {
  speak_orders(now, out);
  Message message{view_.hearing().next_sender(), own_beat()};
  if (untold_.any()) {
    for (const auto group : untold_.take()) groups_[group].told_since = message.sender.sequence;
  }
  mark_sequence(now);
  will_ = message;
  auto& last = std::get<Beat>(will_->body);
  last.is_active = last.is_settled = false;
  last.is_leaving = last.is_will = true;
  out.push_back(SendMessage{std::move(message)});
}

// The will must be newer than everything that we said. It says what our last announcement did, but
// that we leave. The guard has it before the first message goes out: whoever hears us may be let
// run at once while we wait for a processor, and we may die there.
void Node::renew_will(Actions& out) {
  const auto newest = view_.hearing().own_sequence();
  if (!config_.guard || !will_ || will_->sender.sequence > newest) return;
  will_->sender.sequence = newest + 1;
  const auto first = std::find_if(out.begin(), out.end(), [](const Action& action) {
    return std::holds_alternative<SendMessage>(action);
  });
  out.insert(first, KeepWill{*will_});
}

void Node::speak_contents(Instant now, Actions& out) {
  if (contents_.next_deadline() > now) return;
  std::vector<MessageBody> bodies;
  contents_.poll(now, bodies);
  for (auto& body : bodies) speak(std::move(body), out);
}

void Node::offer_neighbours() {
  if (!goes_by_facts()) return;
  auto text = format_neighbours(neighbours_.local());
  const auto digest = text.empty() ? 0 : content_digest(text);
  if (digest == contents_.offered(Content::neighbours)) return;
  contents_.offer(Content::neighbours, digest, 0, std::move(text));
}

}  // namespace vippy::core
