// Traffic of outsiders: whoever is on the segment and does not know the secret.
//
// Purpose: random octets, altered and replayed announcements, at any time, also to nodes that have
//          started again since.
// Purity:  a generator of its own: a run without intruders is the same run otherwise.
// Bounds:  what protocol 1 cannot protect against (docs/protocol.md) is only sent to protocol 2.
#pragma once

#include "core/rng.h"
#include "tests/sim/world.h"

namespace vippy::sim {

class Intruders {
 public:
  // `too_old`: what was sent so long ago proves nothing any more.
  Intruders(World& world, std::uint64_t seed, unsigned protocol, Duration too_old)
      : world_(world),
        chance_(seed ^ 0x696e7472756465U),
        protocol_(protocol),
        too_old_(too_old) {}

  // A few datagrams, some time within `duration`.
  void act_within(Duration duration);

 private:
  void send();
  const Recorded* recording_for(std::size_t to);
  [[nodiscard]] Octets garbage();
  [[nodiscard]] Octets altered(const Octets& genuine);

  World& world_;
  core::Rng chance_;
  unsigned protocol_;
  Duration too_old_;
};

}  // namespace vippy::sim
