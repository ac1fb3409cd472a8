// The keys of protocol 2: who may speak, and the code that covers every octet.
//
// Purpose: derive a key from each secret, sign what we send, check what we hear.
// Purity:  octets in, octets out. Secrets and keys never leave this file in any other form.
// Units:   a code has kMacOctets octets (HMAC-SHA-256, cut to its first half).
// Bounds:  kSecretsMax secrets; checking costs one HMAC, whichever secret it is.
// Errors:  an unknown key or a wrong code is `false`; OpenSSL failing is asserted.
// Source:  RFC 2104 (HMAC, truncation in section 5), RFC 5869 (HKDF); docs/protocol.md,
//          "Protocol 2: keys".
//
// Rotation: a message names its key by an id that tells nothing about it. Nodes sign with `secret`
// and accept the previous ones too, so that secrets change node by node without a pause.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace vippy::core {

inline constexpr std::size_t kMacOctets = 16;
inline constexpr std::size_t kSecretsMax = 8;

using MacCode = std::array<std::uint8_t, kMacOctets>;
using KeyId = std::uint32_t;

class Keyring {
 public:
  // `secrets`: the current one first, then the previous ones.
  explicit Keyring(std::span<const std::string_view> secrets);
  ~Keyring();
  Keyring(Keyring&&) noexcept;
  Keyring& operator=(Keyring&&) noexcept;

  [[nodiscard]] KeyId current() const;
  [[nodiscard]] MacCode sign(std::span<const std::uint8_t> message) const;
  // Was `message` signed by somebody who has the secret of key `id`, if it is one of ours?
  [[nodiscard]] bool verify(KeyId id, std::span<const std::uint8_t> message,
                            std::span<const std::uint8_t> code) const;

 private:
  struct Key;
  std::vector<std::unique_ptr<Key>> keys_;
};

}  // namespace vippy::core
