#include "core/ip.h"

#include <algorithm>
#include <bit>
#include <charconv>

namespace vippy::core {

namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// A decimal number without sign, spaces or leading zeros, at most `limit`.
std::optional<std::uint32_t> parse_decimal(std::string_view text, std::uint32_t limit) {
  if (text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > limit) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::uint16_t> parse_hextet(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// One side of a "::": hextets separated by colons, the last one may be a dotted quad.
struct Hextets {
  std::array<std::uint16_t, 8> values{};
  std::size_t count = 0;
};

bool append_quad(std::string_view text, Hextets& out) {
  const auto quad = parse_ipv4(text);
  if (!quad || out.count + 2 > 8) return false;
  out.values[out.count++] = static_cast<std::uint16_t>(quad->number() >> 16U);
  out.values[out.count++] = static_cast<std::uint16_t>(quad->number());
  return true;
}

std::optional<Hextets> parse_side(std::string_view text, bool is_last_side) {
  Hextets out;
  if (text.empty()) return out;
  for (;;) {
    const auto colon = text.find(':');
    const auto word = text.substr(0, colon);
    const bool is_last = colon == std::string_view::npos;
    if (is_last && is_last_side && word.find('.') != std::string_view::npos) {
      if (!append_quad(word, out)) return std::nullopt;
    } else {
      const auto hextet = parse_hextet(word);
      if (!hextet || out.count == 8) return std::nullopt;
      out.values[out.count++] = *hextet;
    }
    if (is_last) return out;
    text.remove_prefix(colon + 1);
  }
}

Ipv6 from_hextets(const std::array<std::uint16_t, 8>& hextets) {
  Ipv6 out;
  for (std::size_t i = 0; i < 8; ++i) {
    out.octets[2 * i] = static_cast<std::uint8_t>(hextets[i] >> 8U);
    out.octets[2 * i + 1] = static_cast<std::uint8_t>(hextets[i]);
  }
  return out;
}

// The mask octet at `index` of a prefix of `length` bits.
constexpr std::uint8_t mask_octet(std::size_t index, std::uint8_t length) {
  const auto bits = std::clamp<int>(static_cast<int>(length) - static_cast<int>(index) * 8, 0, 8);
  return static_cast<std::uint8_t>(0xff00U >> static_cast<unsigned>(bits));
}

// Where the longest run of at least two zero hextets begins and how long it is (RFC 5952 4.2).
struct ZeroRun {
  std::size_t begin = 0;
  std::size_t count = 0;
};

ZeroRun longest_zero_run(const std::array<std::uint16_t, 8>& hextets) {
  ZeroRun best;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && hextets[end] == 0) ++end;
    if (end - i > best.count) best = {i, end - i};
    i = std::max(end, i + 1);
  }
  if (best.count < 2) best.count = 0;
  return best;
}

void append_hex(std::string& out, std::uint16_t value) {
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = (static_cast<unsigned>(value) >> static_cast<unsigned>(shift)) & 0xfU;
    started = started || digit != 0 || shift == 0;
    if (started) out.push_back(kHexDigits[digit]);
  }
}

template <typename Combine>
IpAddress combine_mask(const Prefix& prefix, Combine combine) {
  std::array<std::uint8_t, 16> octets{};
  const auto source = prefix.address.octets();
  for (std::size_t i = 0; i < source.size(); ++i) {
    octets[i] = combine(source[i], mask_octet(i, prefix.length));
  }
  return *IpAddress::from_octets(std::span(octets).first(source.size()));
}

}  // namespace

std::optional<IpAddress> IpAddress::from_octets(std::span<const std::uint8_t> octets) {
  if (octets.size() == 4) {
    Ipv4 v4;
    std::copy(octets.begin(), octets.end(), v4.octets.begin());
    return IpAddress(v4);
  }
  if (octets.size() == 16) {
    Ipv6 v6;
    std::copy(octets.begin(), octets.end(), v6.octets.begin());
    return IpAddress(v6);
  }
  return std::nullopt;
}

IpAddress Prefix::first() const {
  return combine_mask(*this, [](std::uint8_t octet, std::uint8_t mask) {
    return static_cast<std::uint8_t>(octet & mask);
  });
}

IpAddress Prefix::last() const {
  return combine_mask(*this, [](std::uint8_t octet, std::uint8_t mask) {
    return static_cast<std::uint8_t>(octet | static_cast<std::uint8_t>(~mask));
  });
}

bool Prefix::contains(const IpAddress& other) const {
  return other.family() == address.family() && Prefix{other, length}.first() == first();
}

std::optional<Mac> parse_mac(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  Mac mac;
  for (std::size_t i = 0; i < 6; ++i) {
    const auto* begin = text.data() + 3 * i;
    if (i < 5 && begin[2] != ':') return std::nullopt;
    const auto [end, error] = std::from_chars(begin, begin + 2, mac.octets[i], 16);
    if (error != std::errc{} || end != begin + 2) return std::nullopt;
  }
  return mac;
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 out;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const auto octet = parse_decimal(text.substr(0, dot), 255);
    if (!octet) return std::nullopt;
    out.octets[i] = static_cast<std::uint8_t>(*octet);
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return out;
}

std::optional<Ipv6> parse_ipv6(std::string_view text) {
  const auto gap = text.find("::");
  if (gap == std::string_view::npos) {
    const auto all = parse_side(text, true);
    if (!all || all->count != 8) return std::nullopt;
    return from_hextets(all->values);
  }
  const auto left = parse_side(text.substr(0, gap), false);
  const auto right = parse_side(text.substr(gap + 2), true);
  if (!left || !right || left->count + right->count > 7) return std::nullopt;
  auto hextets = left->values;
  for (std::size_t i = 0; i < right->count; ++i) {
    hextets[8 - right->count + i] = right->values[i];
  }
  return from_hextets(hextets);
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  if (const auto v4 = parse_ipv4(text)) return IpAddress(*v4);
  if (const auto v6 = parse_ipv6(text)) return IpAddress(*v6);
  return std::nullopt;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*address, address->bits()};
  const auto length = parse_decimal(text.substr(slash + 1), address->bits());
  if (!length) return std::nullopt;
  return Prefix{*address, static_cast<std::uint8_t>(*length)};
}

std::optional<std::uint8_t> parse_netmask(std::string_view text) {
  const auto mask = parse_ipv4(text);
  if (!mask) return std::nullopt;
  const auto length = static_cast<std::uint8_t>(std::countl_one(mask->number()));
  if (netmask(length) != *mask) return std::nullopt;
  return length;
}

std::string format(const Mac& mac) {
  std::string out;
  for (const auto octet : mac.octets) {
    if (!out.empty()) out.push_back(':');
    out.push_back(kHexDigits[octet >> 4U]);
    out.push_back(kHexDigits[octet & 0xfU]);
  }
  return out;
}

std::string format(const Ipv4& address) {
  std::string out;
  for (const auto octet : address.octets) {
    if (!out.empty()) out.push_back('.');
    out += std::to_string(octet);
  }
  return out;
}

std::string format(const Ipv6& address) {
  std::array<std::uint16_t, 8> hextets{};
  for (std::size_t i = 0; i < 8; ++i) {
    hextets[i] = static_cast<std::uint16_t>((address.octets[2 * i] << 8U) |
                                            address.octets[2 * i + 1]);
  }
  const auto run = longest_zero_run(hextets);
  std::string out;
  for (std::size_t i = 0; i < 8;) {
    if (run.count != 0 && i == run.begin) {
      out += "::";
      i += run.count;
      continue;
    }
    if (!out.empty() && out.back() != ':') out.push_back(':');
    append_hex(out, hextets[i++]);
  }
  return out;
}

std::string format(const IpAddress& address) {
  return address.is_v4() ? format(address.v4()) : format(address.v6());
}

std::string format(const Prefix& prefix) {
  return format(prefix.address) + "/" + std::to_string(prefix.length);
}

Ipv4 netmask(std::uint8_t length) {
  Ipv4 mask;
  for (std::size_t i = 0; i < 4; ++i) mask.octets[i] = mask_octet(i, length);
  return mask;
}

IpAddress add(const IpAddress& address, std::uint64_t offset) {
  std::array<std::uint8_t, 16> octets{};
  const auto source = address.octets();
  std::copy(source.begin(), source.end(), octets.begin());
  std::uint64_t carry = 0;
  for (std::size_t i = source.size(); i-- > 0;) {
    carry += octets[i] + (offset & 0xffU);
    octets[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8U;
    offset >>= 8U;
  }
  return *IpAddress::from_octets(std::span(octets).first(source.size()));
}

std::size_t IpAddressHash::operator()(const IpAddress& address) const noexcept {
  // FNV-1a over the octets: bounded tables, no adversary gains more than a longer chain.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const auto octet : address.octets()) hash = (hash ^ octet) * 0x100000001b3U;
  return static_cast<std::size_t>(hash);
}

}  // namespace vippy::core
