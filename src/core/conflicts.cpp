#include "core/conflicts.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "core/question.h"

namespace vippy::core {

// ---- the other nodes --------------------------------------------------------------------------

bool Conflicts::node_at(const std::string& node, const IpAddress& address, Instant now) {
  if (address.is_unspecified()) return false;
  if (const auto found = nodes_.find(address); found != nodes_.end()) {
    found->second.heard_at = now;
    return false;
  }
  make_room_for(node);
  const auto ask_at = now + kAskNodeFirst;
  nodes_.emplace(address, Seat{.node = node, .heard_at = now, .mac = {}, .ask_at = ask_at});
  next_ask_ = std::min(next_ask_, ask_at);
  return true;
}

void Conflicts::make_room_for(const std::string& node) {
  std::size_t count = 0;
  auto oldest = nodes_.end();
  for (auto seat = nodes_.begin(); seat != nodes_.end(); ++seat) {
    if (seat->second.node != node) continue;
    ++count;
    const bool is_older =
        oldest == nodes_.end() || seat->second.heard_at < oldest->second.heard_at;
    if (is_older) oldest = seat;
  }
  if (count >= kChatPathsMax) nodes_.erase(oldest);
}

void Conflicts::keep_nodes(const std::vector<std::string>& nodes) {
  const std::set<std::string_view> kept(nodes.begin(), nodes.end());
  std::erase_if(nodes_, [&](const auto& entry) { return !kept.contains(entry.second.node); });
}

void Conflicts::heard(const IpAddress& address, const Mac& mac) {
  const auto found = nodes_.find(address);
  if (found != nodes_.end()) found->second.mac = mac;
}

bool Conflicts::is_node(const Mac& mac, const Neighbours& neighbours) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& entry) {
    return entry.second.mac == mac || neighbours.find(entry.first) == mac;
  });
}

bool Conflicts::knows_all_nodes(const Neighbours& neighbours) const {
  return std::all_of(nodes_.begin(), nodes_.end(), [&](const auto& entry) {
    return entry.second.mac || neighbours.find(entry.first);
  });
}

void Conflicts::ask(const Interfaces& interfaces, Instant now, Actions& out) {
  if (now < next_ask_) return;
  next_ask_ = Instant::max();
  for (auto& [address, seat] : nodes_) {
    if (seat.mac) continue;
    if (seat.ask_at <= now) {
      seat.ask_at = now + seat.pause;
      seat.pause = std::min(2 * seat.pause, kAskNodeEvery);
      if (auto question = question_to(address, std::nullopt, interfaces)) {
        out.push_back(std::move(*question));
      }
    }
    next_ask_ = std::min(next_ask_, seat.ask_at);
  }
}

std::vector<IpAddress> Conflicts::node_addresses() const {
  std::vector<IpAddress> out;
  for (const auto& [address, seat] : nodes_) out.push_back(address);
  return out;
}

// ---- strangers --------------------------------------------------------------------------------

// A host that invents MACs is not named for each of them.
bool Conflicts::accuse(const Stranger& stranger, Instant now) {
  auto& said = records_[stranger.vip].said;
  std::erase_if(said, [&](const Said& one) { return now - one.last >= kForgetAfter; });
  const auto is_fresh = [&](const Said& one) { return now - one.last < kSayEvery; };
  const auto fresh = std::count_if(said.begin(), said.end(), is_fresh);
  const auto known = std::find_if(said.begin(), said.end(), [&](const Said& one) {
    return one.mac == stranger.mac;
  });
  if (known != said.end() && is_fresh(*known)) return false;
  if (static_cast<std::size_t>(fresh) >= kStrangersMax) return false;
  if (known != said.end()) {
    known->last = now;
    return true;
  }
  if (said.size() >= kStrangersMax) {
    said.erase(std::min_element(said.begin(), said.end(), [](const Said& one, const Said& other) {
      return one.last < other.last;
    }));
  }
  said.push_back({stranger.mac, now, now});
  return true;
}

std::vector<Conflicts::Stranger> Conflicts::take_suspects(Instant now) {
  std::vector<Stranger> out;
  std::erase_if(suspects_, [&](const Suspect& one) {
    if (one.name_at > now) return false;
    out.push_back(one.who);
    return true;
  });
  return out;
}

void Conflicts::forget_old(Instant now) {
  std::erase_if(records_, [&](const auto& entry) {
    const auto& record = entry.second;
    const bool is_quiet = std::all_of(record.said.begin(), record.said.end(), [&](const Said& one) {
      return now - one.last >= kSayEvery;
    });
    return is_quiet && !record.is_due;
  });
}

Conflicts::Answer Conflicts::on_claim(const AddressKey& vip, const Mac& mac, Instant now,
                                      Instant name_at) {
  if (records_.size() >= kRecordsMax && !records_.contains(vip)) {
    forget_old(now);
    if (records_.size() >= kRecordsMax) return {};
  }
  auto& record = records_[vip];
  Answer answer;
  const bool is_suspect = std::any_of(suspects_.begin(), suspects_.end(), [&](const auto& one) {
    return one.who.vip == vip && one.who.mac == mac;
  });
  if (name_at <= now || (!is_suspect && suspects_.size() >= kSuspectsMax)) {
    answer.is_said = accuse({vip, mac}, now);
  } else if (!is_suspect) {
    suspects_.push_back({{vip, mac}, name_at});
  }
  answer.is_defended = !record.defended_at || now - *record.defended_at >= kDefendInterval;
  if (answer.is_defended) {
    record.defended_at = now;
    record.is_due = false;
  } else {
    record.is_due = true;
    next_due_ = std::min(next_due_, *record.defended_at + kDefendInterval);
  }
  return answer;
}

std::vector<AddressKey> Conflicts::take_due(Instant now) {
  std::vector<AddressKey> out;
  if (now < next_due_) return out;
  next_due_ = Instant::max();
  for (auto& [vip, record] : records_) {
    if (!record.is_due) continue;
    if (now - *record.defended_at < kDefendInterval) {
      next_due_ = std::min(next_due_, *record.defended_at + kDefendInterval);
      continue;
    }
    record.is_due = false;
    record.defended_at = now;
    out.push_back(vip);
  }
  return out;
}

Instant Conflicts::next_deadline() const {
  auto earliest = std::min(next_due_, next_ask_);
  for (const auto& one : suspects_) earliest = std::min(earliest, one.name_at);
  return earliest;
}

void Conflicts::stop(const AddressKey& vip) {
  const auto found = records_.find(vip);
  if (found != records_.end()) found->second.is_due = false;
}

std::vector<Conflicts::Named> Conflicts::recent(Instant now) const {
  std::vector<Named> out;
  for (const auto& [vip, record] : records_) {
    for (const auto& said : record.said) {
      if (now - said.last >= kForgetAfter) continue;
      out.push_back({{vip, said.mac}, said.since, said.last});
    }
  }
  return out;
}

}  // namespace vippy::core
