// The messages of protocol 2: compact, keyed, numbered.
//
// Purpose: one announcement of about one Ethernet frame for 64 nodes and 4,096 groups; what is
//          large (configuration, neighbour tables) travels by itself, in fragments, on request.
// Purity:  octets <-> values. The code at the end is checked here, sessions are judged by
//          sessions.h, nobody is believed here.
// Units:   octets, big-endian; times on the wire in microseconds.
// Bounds:  kDatagramOctetsMax; a fragment carries at most kFragmentOctetsMax.
// Errors:  Wire2Error for octets from others, counted. Encoding into too small a buffer asserts.
// Source:  docs/protocol.md, "Protocol 2".
// Shape:   every message
//
//   offset size field
//        0    4 magic          0x56505902 ("VPY" and 2)
//        4    1 kind           1 announcement, 2 fragment, 3 request, 4 order
//        5    1 flags          announcement: see Beat; else 0
//        6    2 length         of the whole message in octets
//        8    4 key            which secret signed it
//       12    4 reserved       0
//       16    8 node           the sender: node_id(name)
//       24    8 session        random, new at every start
//       32    8 sequence       of this session, one more for every message
//       40      body           as below
//     last   16 code           HMAC-SHA-256 over everything before it, first half
//
//   announcement body
//        0    8 version        of the configuration
//        8    8 digest         of what the cluster agrees on in that version
//       16    8 neighbours     digest of the sender's own neighbour table, 0: empty
//       24    4 interval       [us]
//       28    4 stale          [us]
//       32    2 nodes N
//       34    2 groups G
//       36    2 candidates C
//       38    2 reserved       0
//       40  8*N echoes         for each node of the configuration: session (low half) and sequence
//                              (low half) last heard of it, zeros: silent
//           8*C candidates     echoes of further sessions, whose nodes are to prove themselves
//             N/8 view         the nodes that the sender counts on: active, and both hear each
//                              other; rounded up to octets
//             G/8 claims       the groups that the sender holds, rounded up to octets
//             G/8 refusals     only with flag 0x10: the groups that it cannot hold now
//             G/8 parts        only with flag 0x20: groups of which it has or had something since
//                              its last announcement, and not all
//
//   fragment body: 1 what (1 configuration, 2 neighbours), 3 reserved, 8 digest, 8 version,
//                  4 total octets, 4 offset, the rest is the piece
//   request body:  1 what, 3 reserved, 8 digest that is wanted, 8 echo of the node that is asked
//   order body:    1 what (1 drain, 2 undrain), 3 reserved, 8 node that is to obey
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "core/bitset.h"
#include "core/keys.h"
#include "core/result.h"
#include "core/time.h"

namespace vippy::core {

using NodeId = std::uint64_t;
using SessionId = std::uint64_t;
using ContentDigest = std::uint64_t;

inline constexpr std::size_t kSessionOffset = 24;  // in every message
inline constexpr std::size_t kFragmentOctetsMax = 1'200;
inline constexpr std::size_t kCandidateEchoesMax = 16;  // in one announcement

// The first eight octets of SHA-256("vippy node\n" + name).
[[nodiscard]] NodeId node_id(std::string_view name);
// The first eight octets of SHA-256 over the content; never 0.
[[nodiscard]] ContentDigest content_digest(std::string_view content);

// "I last heard this of you."
struct Echo {
  std::uint32_t session = 0;
  std::uint32_t sequence = 0;
  bool operator==(const Echo&) const = default;
};

struct Sender {
  NodeId node = 0;
  SessionId session = 0;
  std::uint64_t sequence = 0;
  bool operator==(const Sender&) const = default;
};

// The announcement: "I am here, this is what I have".
struct Beat {
  bool is_active = false;   // flag 0x01: may be given groups
  bool is_leaving = false;  // flag 0x02: stops or drains: its groups are to be taken
  bool is_settled = false;  // flag 0x04: active long enough to take groups back from others
  bool is_will = false;     // flag 0x08: its guard says this: it is dead, or hangs
  std::uint64_t version = 0;
  ContentDigest digest = 0;
  ContentDigest neighbours = 0;
  Duration interval{};
  Duration stale{};
  std::vector<Echo> candidates;
  std::vector<Echo> echoes;  // as the nodes of the configuration
  BitSet view;               // of the same size
  BitSet claims;
  BitSet refusals;  // of size 0: none
  BitSet parts;     // of size 0: none
  bool operator==(const Beat&) const = default;
};

enum class Content : std::uint8_t { configuration = 1, neighbours = 2 };

struct Fragment {
  Content what = Content::configuration;
  ContentDigest digest = 0;   // of the whole
  std::uint64_t version = 0;  // configuration only
  std::uint32_t total = 0;
  std::uint32_t offset = 0;
  std::vector<std::uint8_t> piece;
  bool operator==(const Fragment&) const = default;
};

// Asks one node: the one that the echo is of. The echo shows that this is no recording.
struct ContentRequest {
  Content what = Content::configuration;
  ContentDigest digest = 0;
  Echo of;
  bool operator==(const ContentRequest&) const = default;
};

// An operator's wish for another node.
enum class OrderKind : std::uint8_t { drain = 1, undrain = 2 };

struct Order {
  OrderKind what = OrderKind::drain;
  NodeId node = 0;
  bool operator==(const Order&) const = default;
};

using MessageBody = std::variant<Beat, Fragment, ContentRequest, Order>;

struct Message {
  Sender sender;
  MessageBody body;
  bool operator==(const Message&) const = default;
};

enum class Wire2Error : std::uint8_t {
  truncated,   // shorter than a header and a code, or than its counts say
  not_ours,    // another magic
  bad_length,  // the length field is not the datagram's length
  bad_kind,    // unknown kind, unknown flags, unknown content, reserved octets used
  forged,      // unknown key or wrong code
  too_many,    // more nodes, groups or octets than the limits
};

[[nodiscard]] std::string_view name(Wire2Error error);

// Does a datagram claim to be of protocol 2? (Protocol 1 begins with a brace.)
[[nodiscard]] bool is_wire2(std::span<const std::uint8_t> bytes);

// Writes and signs a message; returns its octets, at most out.size() (asserted).
[[nodiscard]] std::size_t encode(const Message& message, const Keyring& keys,
                                 std::span<std::uint8_t> out);

// Checks the code and reads a message. For every message m: decode_wire2(encode(m)) == m.
[[nodiscard]] Result<Message, Wire2Error> decode_wire2(std::span<const std::uint8_t> bytes,
                                                       const Keyring& keys);

}  // namespace vippy::core
