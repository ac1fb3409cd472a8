// Addresses as values: MAC, IPv4, IPv6, either of them, and prefixes; text <-> value.
//
// Purpose: one spelling of an address for configuration, frames, kernel tables and status.
// Purity:  no sockets, no resolver, no locale, no allocation but for the formatted text.
// Units:   octets in network order; prefix lengths in bits.
// Errors:  parse_* answers std::nullopt for anything that is not exactly one address.
// Source:  RFC 4291 section 2.2 (IPv6 text), RFC 5952 (canonical IPv6 text),
//          RFC 6943 section 3.1.1 (dotted quads only: "10.1" and "010.0.0.1" are refused).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vippy::core {

struct Mac {
  std::array<std::uint8_t, 6> octets{};

  static constexpr Mac broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }
  [[nodiscard]] constexpr bool is_zero() const { return *this == Mac{}; }
  [[nodiscard]] constexpr bool is_multicast() const { return (octets[0] & 1U) != 0; }
  auto operator<=>(const Mac&) const = default;
};

struct Ipv4 {
  std::array<std::uint8_t, 4> octets{};

  // The address as a number: 10.0.0.1 is 0x0a000001.
  [[nodiscard]] constexpr std::uint32_t number() const {
    return (std::uint32_t{octets[0]} << 24U) | (std::uint32_t{octets[1]} << 16U) |
           (std::uint32_t{octets[2]} << 8U) | std::uint32_t{octets[3]};
  }
  static constexpr Ipv4 from_number(std::uint32_t number) {
    return {{static_cast<std::uint8_t>(number >> 24U), static_cast<std::uint8_t>(number >> 16U),
             static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)}};
  }
  auto operator<=>(const Ipv4&) const = default;
};

struct Ipv6 {
  std::array<std::uint8_t, 16> octets{};
  auto operator<=>(const Ipv6&) const = default;
};

enum class Family : std::uint8_t { ipv4, ipv6 };

// Either kind of address. IPv4 lies in the first four octets, the rest is zero, so that
// comparison by octets is comparison by value.
class IpAddress {
 public:
  constexpr IpAddress() = default;
  constexpr IpAddress(Ipv4 address) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < 4; ++i) octets_[i] = address.octets[i];
  }
  constexpr IpAddress(Ipv6 address)  // NOLINT(google-explicit-constructor)
      : family_(Family::ipv6), octets_(address.octets) {}

  [[nodiscard]] constexpr Family family() const { return family_; }
  [[nodiscard]] constexpr bool is_v4() const { return family_ == Family::ipv4; }
  [[nodiscard]] constexpr bool is_v6() const { return family_ == Family::ipv6; }
  // Require the family asked for (the other one gives an address that nobody meant).
  [[nodiscard]] constexpr Ipv4 v4() const {
    return {{octets_[0], octets_[1], octets_[2], octets_[3]}};
  }
  [[nodiscard]] constexpr Ipv6 v6() const { return {octets_}; }
  // 4 or 16 octets in network order.
  [[nodiscard]] constexpr std::span<const std::uint8_t> octets() const {
    return std::span(octets_).first(is_v4() ? 4 : 16);
  }
  [[nodiscard]] constexpr std::uint8_t bits() const { return is_v4() ? 32 : 128; }
  [[nodiscard]] constexpr bool is_multicast() const {
    return is_v4() ? (octets_[0] & 0xf0U) == 0xe0 : octets_[0] == 0xff;
  }
  [[nodiscard]] constexpr bool is_unspecified() const {
    for (const auto octet : octets_) {
      if (octet != 0) return false;
    }
    return true;
  }
  // From 4 or 16 octets; anything else is nullopt.
  static std::optional<IpAddress> from_octets(std::span<const std::uint8_t> octets);

  constexpr bool operator==(const IpAddress& other) const { return *this <=> other == 0; }
  // By family, then by octets, eight at a time: maps of addresses are everywhere.
  constexpr std::strong_ordering operator<=>(const IpAddress& other) const {
    if (family_ != other.family_) return family_ <=> other.family_;
    const auto order = number_at(0) <=> other.number_at(0);
    return order != 0 ? order : number_at(8) <=> other.number_at(8);
  }

 private:
  [[nodiscard]] constexpr std::uint64_t number_at(std::size_t first) const {
    std::array<std::uint8_t, 8> part{};
    std::copy_n(octets_.begin() + first, part.size(), part.begin());
    const auto number = std::bit_cast<std::uint64_t>(part);
    return std::endian::native == std::endian::little ? __builtin_bswap64(number) : number;
  }

  Family family_ = Family::ipv4;
  std::array<std::uint8_t, 16> octets_{};
};

// An address with the length of its network part: 10.0.0.5/24 keeps the host part.
struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;  // 0..32 or 0..128

  // First and last address of the network (IPv4: network and broadcast address).
  [[nodiscard]] IpAddress first() const;
  [[nodiscard]] IpAddress last() const;
  // Is `other` in this network? Addresses of the other family never are.
  [[nodiscard]] bool contains(const IpAddress& other) const;
  auto operator<=>(const Prefix&) const = default;
};

[[nodiscard]] std::optional<Mac> parse_mac(std::string_view text);
[[nodiscard]] std::optional<Ipv4> parse_ipv4(std::string_view text);
[[nodiscard]] std::optional<Ipv6> parse_ipv6(std::string_view text);
[[nodiscard]] std::optional<IpAddress> parse_ip(std::string_view text);
// "address" or "address/length"; without a length the whole address is the network part.
[[nodiscard]] std::optional<Prefix> parse_prefix(std::string_view text);
// "255.255.240.0" -> 20; a mask with holes is nullopt.
[[nodiscard]] std::optional<std::uint8_t> parse_netmask(std::string_view text);

[[nodiscard]] std::string format(const Mac& mac);           // "02:00:5e:10:00:01"
[[nodiscard]] std::string format(const Ipv4& address);      // "10.0.0.1"
[[nodiscard]] std::string format(const Ipv6& address);      // RFC 5952: "fd77::9"
[[nodiscard]] std::string format(const IpAddress& address);
[[nodiscard]] std::string format(const Prefix& prefix);     // "10.0.0.1/24"
[[nodiscard]] Ipv4 netmask(std::uint8_t length);            // 20 -> 255.255.240.0

// The address `offset` after `address`; wraps at the end of the family's space.
[[nodiscard]] IpAddress add(const IpAddress& address, std::uint64_t offset);

struct IpAddressHash {
  [[nodiscard]] std::size_t operator()(const IpAddress& address) const noexcept;
};

}  // namespace vippy::core
