#include "core/wire2.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/assert.h"
#include "core/auth.h"
#include "core/bytes.h"
#include "core/limits.h"

namespace vippy::core {

namespace {

constexpr std::uint32_t kMagic = 0x56505902;
constexpr std::size_t kHeaderOctets = 40;
constexpr std::size_t kLengthAt = 6;

constexpr std::uint8_t kActive = 0x01;
constexpr std::uint8_t kLeaving = 0x02;
constexpr std::uint8_t kSettled = 0x04;
constexpr std::uint8_t kWill = 0x08;
constexpr std::uint8_t kRefuses = 0x10;
constexpr std::uint8_t kHasParts = 0x20;
constexpr std::uint8_t kKnownFlags =
    kActive | kLeaving | kSettled | kWill | kRefuses | kHasParts;

enum class Kind : std::uint8_t {
  announcement = 1,
  fragment = 2,
  request = 3,
  order = 4
};

std::uint64_t digest_of(std::string_view text) {
  const auto full = sha256(text);
  Reader reader(full);
  return reader.number<std::uint64_t>();
}

// What does not fit (71 minutes and more) is the most that does.
std::uint32_t microseconds(Duration duration) {
  using Field = std::chrono::duration<std::uint32_t, std::micro>;
  constexpr std::chrono::microseconds kMost = Field::max();
  const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration);
  return static_cast<std::uint32_t>(std::min(count, kMost).count());
}

void write(Writer& out, const Echo& echo) {
  out.number(echo.session);
  out.number(echo.sequence);
}

Echo read_echo(Reader& in) {
  const auto session = in.number<std::uint32_t>();
  return {session, in.number<std::uint32_t>()};
}

// ---- bodies -----------------------------------------------------------------------------------

std::uint8_t flags_of(const Beat& beat) {
  std::uint8_t flags = 0;
  if (beat.is_active) flags |= kActive;
  if (beat.is_leaving) flags |= kLeaving;
  if (beat.is_settled) flags |= kSettled;
  if (beat.is_will) flags |= kWill;
  if (beat.refusals.size() != 0) flags |= kRefuses;
  if (beat.parts.size() != 0) flags |= kHasParts;
  return flags;
}

void write(Writer& out, const Beat& beat) {
  out.number(beat.version);
  out.number(beat.digest);
  out.number(beat.neighbours);
  out.number(microseconds(beat.interval));
  out.number(microseconds(beat.stale));
  out.number(static_cast<std::uint16_t>(beat.echoes.size()));
  out.number(static_cast<std::uint16_t>(beat.claims.size()));
  out.number(static_cast<std::uint16_t>(beat.candidates.size()));
  out.number(std::uint16_t{0});
  for (const auto& echo : beat.echoes) write(out, echo);
  for (const auto& echo : beat.candidates) write(out, echo);
  VIPPY_ASSERT(beat.view.size() == beat.echoes.size());
  out.octets(beat.view.octets());
  out.octets(beat.claims.octets());
  out.octets(beat.refusals.octets());
  out.octets(beat.parts.octets());
}

void write(Writer& out, const Fragment& fragment) {
  out.number(static_cast<std::uint32_t>(static_cast<std::uint32_t>(fragment.what) << 24U));
  out.number(fragment.digest);
  out.number(fragment.version);
  out.number(fragment.total);
  out.number(fragment.offset);
  out.octets(fragment.piece);
}

void write(Writer& out, const ContentRequest& request) {
  out.number(static_cast<std::uint32_t>(static_cast<std::uint32_t>(request.what) << 24U));
  out.number(request.digest);
  write(out, request.of);
}

void write(Writer& out, const Order& order) {
  out.number(static_cast<std::uint32_t>(static_cast<std::uint32_t>(order.what) << 24U));
  out.number(order.node);
}

using BodyResult = Result<MessageBody, Wire2Error>;

BodyResult read_beat(Reader& in, std::uint8_t flags) {
  Beat beat;
  if ((flags & ~kKnownFlags) != 0) return failure(Wire2Error::bad_kind);
  beat.is_active = (flags & kActive) != 0;
  beat.is_leaving = (flags & kLeaving) != 0;
  beat.is_settled = (flags & kSettled) != 0;
  beat.is_will = (flags & kWill) != 0;
  beat.version = in.number<std::uint64_t>();
  beat.digest = in.number<std::uint64_t>();
  beat.neighbours = in.number<std::uint64_t>();
  beat.interval = std::chrono::microseconds(in.number<std::uint32_t>());
  beat.stale = std::chrono::microseconds(in.number<std::uint32_t>());
  const auto nodes = in.number<std::uint16_t>();
  const auto groups = in.number<std::uint16_t>();
  const auto candidates = in.number<std::uint16_t>();
  if (in.number<std::uint16_t>() != 0) return failure(Wire2Error::bad_kind);
  if (nodes > kNodesMax || groups > kGroupsMax || candidates > kCandidateEchoesMax) {
    return failure(Wire2Error::too_many);
  }
  beat.echoes.reserve(nodes);
  for (std::size_t i = 0; i < nodes; ++i) beat.echoes.push_back(read_echo(in));
  for (std::size_t i = 0; i < candidates; ++i) beat.candidates.push_back(read_echo(in));
  const auto octets = BitSet::octets_for(groups);
  const auto view_octets = BitSet::octets_for(nodes);
  const bool refuses = (flags & kRefuses) != 0;
  const bool has_parts = (flags & kHasParts) != 0;
  const std::size_t sets = 1U + (refuses ? 1U : 0U) + (has_parts ? 1U : 0U);
  if (in.failed() || in.left() != view_octets + octets * sets) {
    return failure(Wire2Error::truncated);
  }
  beat.view = BitSet::from_octets(nodes, in.take(view_octets));
  beat.claims = BitSet::from_octets(groups, in.take(octets));
  if (refuses) beat.refusals = BitSet::from_octets(groups, in.take(octets));
  if (has_parts) beat.parts = BitSet::from_octets(groups, in.take(octets));
  return beat;
}

bool read_content(Reader& in, Content& out) {
  const auto word = in.number<std::uint32_t>();
  const auto what = word >> 24U;
  if ((word & 0xffffffU) != 0 || (what != 1 && what != 2)) return false;
  out = static_cast<Content>(what);
  return true;
}

BodyResult read_fragment(Reader& in, std::uint8_t flags) {
  Fragment fragment;
  if (flags != 0 || !read_content(in, fragment.what)) return failure(Wire2Error::bad_kind);
  fragment.digest = in.number<std::uint64_t>();
  fragment.version = in.number<std::uint64_t>();
  fragment.total = in.number<std::uint32_t>();
  fragment.offset = in.number<std::uint32_t>();
  const auto piece = in.rest();
  if (in.failed() || piece.empty()) return failure(Wire2Error::truncated);
  const bool fits = fragment.offset <= fragment.total &&
                    piece.size() <= fragment.total - fragment.offset;
  if (!fits || piece.size() > kFragmentOctetsMax || fragment.total > kConfigOctetsMax) {
    return failure(Wire2Error::too_many);
  }
  fragment.piece.assign(piece.begin(), piece.end());
  return fragment;
}

BodyResult read_request(Reader& in, std::uint8_t flags) {
  ContentRequest request;
  if (flags != 0 || !read_content(in, request.what)) return failure(Wire2Error::bad_kind);
  request.digest = in.number<std::uint64_t>();
  request.of = read_echo(in);
  if (in.failed() || in.left() != 0) return failure(Wire2Error::truncated);
  return request;
}

BodyResult read_order(Reader& in, std::uint8_t flags) {
  const auto word = in.number<std::uint32_t>();
  const auto what = word >> 24U;
  if (flags != 0 || (word & 0xffffffU) != 0 || (what != 1 && what != 2)) {
    return failure(Wire2Error::bad_kind);
  }
  const Order order{static_cast<OrderKind>(what), in.number<NodeId>()};
  if (in.failed() || in.left() != 0) return failure(Wire2Error::truncated);
  return order;
}

BodyResult read_body(Reader& in, std::uint8_t kind, std::uint8_t flags) {
  switch (kind) {
    case static_cast<std::uint8_t>(Kind::announcement): return read_beat(in, flags);
    case static_cast<std::uint8_t>(Kind::fragment): return read_fragment(in, flags);
    case static_cast<std::uint8_t>(Kind::request): return read_request(in, flags);
    case static_cast<std::uint8_t>(Kind::order): return read_order(in, flags);
  }
  return failure(Wire2Error::bad_kind);
}

struct Head {
  Kind kind;
  std::uint8_t flags;
};

Head head_of(const MessageBody& body) {
  if (const auto* beat = std::get_if<Beat>(&body)) return {Kind::announcement, flags_of(*beat)};
  if (std::holds_alternative<Fragment>(body)) return {Kind::fragment, 0};
  if (std::holds_alternative<ContentRequest>(body)) return {Kind::request, 0};
  return {Kind::order, 0};
}

}  // namespace

NodeId node_id(std::string_view name) { return digest_of("vippy node\n" + std::string(name)); }

ContentDigest content_digest(std::string_view content) {
  const auto digest = digest_of(content);
  return digest == 0 ? 1 : digest;
}

std::string_view name(Wire2Error error) {
  switch (error) {
    case Wire2Error::truncated: return "truncated";
    case Wire2Error::not_ours: return "not protocol 2";
    case Wire2Error::bad_length: return "its length is not what it says";
    case Wire2Error::bad_kind: return "of an unknown kind";
    case Wire2Error::forged: return "signed with no key of ours";
    case Wire2Error::too_many: return "more nodes, groups or octets than the limits";
  }
  VIPPY_ASSERT(false && "unknown Wire2Error");
}

bool is_wire2(std::span<const std::uint8_t> bytes) {
  Reader reader(bytes);
  return reader.number<std::uint32_t>() == kMagic && !reader.failed();
}

std::size_t encode(const Message& message, const Keyring& keys, std::span<std::uint8_t> out) {
  Writer writer(out);
  const auto head = head_of(message.body);
  writer.number(kMagic);
  writer.number(static_cast<std::uint8_t>(head.kind));
  writer.number(head.flags);
  writer.number(std::uint16_t{0});  // the length, below
  writer.number(keys.current());
  writer.number(std::uint32_t{0});
  writer.number(message.sender.node);
  writer.number(message.sender.session);
  writer.number(message.sender.sequence);
  std::visit([&](const auto& body) { write(writer, body); }, message.body);
  const auto length = writer.size() + kMacOctets;
  VIPPY_ASSERT(length <= kDatagramOctetsMax);
  Writer(out.subspan(kLengthAt)).number(static_cast<std::uint16_t>(length));
  writer.octets(keys.sign(writer.written()));
  return length;
}

Result<Message, Wire2Error> decode_wire2(std::span<const std::uint8_t> bytes,
                                         const Keyring& keys) {
  if (!is_wire2(bytes)) return failure(Wire2Error::not_ours);
  if (bytes.size() < kHeaderOctets + kMacOctets) return failure(Wire2Error::truncated);
  Reader in(bytes.first(bytes.size() - kMacOctets));
  static_cast<void>(in.number<std::uint32_t>());
  const auto kind = in.number<std::uint8_t>();
  const auto flags = in.number<std::uint8_t>();
  if (in.number<std::uint16_t>() != bytes.size()) return failure(Wire2Error::bad_length);
  const auto key = in.number<KeyId>();
  const auto reserved = in.number<std::uint32_t>();
  // Nothing else is looked at before the code has been checked.
  const auto signed_part = bytes.first(bytes.size() - kMacOctets);
  if (!keys.verify(key, signed_part, bytes.last(kMacOctets))) {
    return failure(Wire2Error::forged);
  }
  if (reserved != 0) return failure(Wire2Error::bad_kind);
  Message message;
  message.sender.node = in.number<NodeId>();
  message.sender.session = in.number<SessionId>();
  message.sender.sequence = in.number<std::uint64_t>();
  auto body = read_body(in, kind, flags);
  if (!body) return failure(body.error());
  message.body = std::move(*body);
  return message;
}

}  // namespace vippy::core
