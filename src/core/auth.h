// The hash that makes an announcement of protocol 1 believable.
//
// Purpose: SHA-256 over what the cluster agrees on, the secret, and the announcement's nonce.
// Purity:  bytes in, digest out. Key material never leaves this file in any other form.
// Units:   a digest is 32 octets; its text is 64 lower-case hex digits.
// Errors:  none: OpenSSL failing to hash is our environment being broken, and is asserted.
// Source:  FIPS 180-4 (SHA-256); docs/protocol.md, "Protocol 1: the hash".
// Shape:   version "\n" group ("\n" group)* "\n" nodes-joined-by-"|" "\n" secret "\n" nonce, a
//          group being its preferred name (if any) and its bare addresses, joined by commas.
//
// What the hash does not cover (me, active, arpcache) can be forged by whoever has seen one
// datagram: that is protocol 1, and why it is only for clusters with nodes of the reference.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/config.h"

namespace vippy::core {

using Digest = std::array<std::uint8_t, 32>;

class AnnouncementHash {
 public:
  // Keeps the text up to the nonce: one SHA-256 over it for every question.
  AnnouncementHash(const Shared& shared, std::string_view secret);

  [[nodiscard]] Digest of(std::string_view nonce) const;
  // The same comparison takes the same time whatever the digests hold.
  [[nodiscard]] bool matches(const Digest& claimed, std::string_view nonce) const;
  // What is hashed, for tests against the reference's recordings.
  [[nodiscard]] std::string text(std::string_view nonce) const {
    return prefix_ + std::string(nonce);
  }

 private:
  std::string prefix_;
};

// SHA-256 of a text.
[[nodiscard]] Digest sha256(std::string_view text);

// 64 hex digits of either case -> digest; false for anything else.
[[nodiscard]] bool parse_digest(std::string_view text, Digest& out);
[[nodiscard]] std::string format_digest(const Digest& digest);

}  // namespace vippy::core
