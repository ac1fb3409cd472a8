#include "tests/sim/intruders.h"

#include <algorithm>

namespace vippy::sim {

void Intruders::act_within(Duration duration) {
  const auto count = 1 + chance_.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto after = chance_.below(static_cast<std::uint64_t>(duration.count()));
    world_.later(Duration(static_cast<std::int64_t>(after)), [this] { send(); });
  }
}

Octets Intruders::garbage() {
  auto out = std::make_shared<std::vector<std::uint8_t>>(chance_.below(1500));
  for (auto& octet : *out) octet = static_cast<std::uint8_t>(chance_.next());
  // Some begin as protocol 2 does, or as an object does.
  if (out->size() > 4 && chance_.chance(1, 3)) {
    (*out)[0] = 0x56;
    (*out)[1] = 0x50;
    (*out)[2] = 0x59;
    (*out)[3] = 2;
  } else if (!out->empty()) {
    out->front() = '{';
  }
  return out;
}

Octets Intruders::altered(const Octets& genuine) {
  auto out = std::make_shared<std::vector<std::uint8_t>>(*genuine);
  if (out->empty()) return out;
  const auto flips = 1 + chance_.below(3);
  for (std::uint64_t i = 0; i < flips; ++i) {
    (*out)[chance_.below(out->size())] ^= static_cast<std::uint8_t>(1U << chance_.below(8));
  }
  return out;
}

// What the machine has had already, or what is older than something that it has had of the same
// sender, and too old to be a late original: an intruder that passes on what a cut withheld is a
// slow network, and nobody can tell (docs/protocol.md, "Protocol 2: sessions").
const Recorded* Intruders::recording_for(std::size_t to) {
  const auto& had = world_.arrived_at(to);
  if (!had.empty() && chance_.chance(1, 2)) return &had[chance_.below(had.size())];
  const auto& sent = world_.recorded();
  if (sent.empty()) return nullptr;
  const auto& one = sent[chance_.below(sent.size())];
  const bool is_overtaken = std::any_of(had.begin(), had.end(), [&](const Recorded& later) {
    return later.source == one.source && later.at - one.at > too_old_;
  });
  return is_overtaken ? &one : nullptr;
}

void Intruders::send() {
  const auto to = chance_.below(world_.machines().size());
  const auto* genuine = protocol_ < 2 || chance_.chance(1, 4) ? nullptr : recording_for(to);
  if (genuine == nullptr) {
    world_.inject(to, garbage(), *core::parse_ip("10.0.66.6"));
    return;
  }
  const bool is_replay = chance_.chance(2, 3);
  world_.inject(to, is_replay ? genuine->bytes : altered(genuine->bytes), genuine->source);
}

}  // namespace vippy::sim
