// The messages of protocol 2 under libFuzzer.
//
// Properties: no octets crash the decoder, as they come or signed by a member; what decodes encodes
// to the same octets again.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "core/assert.h"
#include "core/limits.h"
#include "core/wire2.h"

namespace {

using namespace vippy::core;

const Keyring& keys() {
  static const std::array<std::string_view, 1> kSecrets = {"fuzz"};
  static const Keyring kKeys(kSecrets);
  return kKeys;
}

// What a member could send: magic, length, key and code are right, the rest is as it came.
std::vector<std::uint8_t> signed_by_a_member(std::span<const std::uint8_t> input) {
  std::vector<std::uint8_t> bytes(input.begin(), input.end());
  bytes.resize(std::max<std::size_t>(bytes.size(), 12));
  const auto length = bytes.size() + kMacOctets;
  constexpr std::array<std::uint8_t, 4> kMagic = {'V', 'P', 'Y', 2};
  std::copy(kMagic.begin(), kMagic.end(), bytes.begin());
  bytes[6] = static_cast<std::uint8_t>(length >> 8U);
  bytes[7] = static_cast<std::uint8_t>(length);
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[8 + i] = static_cast<std::uint8_t>(keys().current() >> (24 - 8 * i));
  }
  const auto code = keys().sign(bytes);
  bytes.insert(bytes.end(), code.begin(), code.end());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 60'000) return 0;
  static_cast<void>(decode_wire2({data, size}, keys()));
  const auto bytes = signed_by_a_member({data, size});
  const auto message = decode_wire2(bytes, keys());
  if (!message) {
    VIPPY_ASSERT(message.error() != Wire2Error::forged);
    return 0;
  }
  std::vector<std::uint8_t> again(kDatagramOctetsMax);
  again.resize(encode(*message, keys(), again));
  // Bits past the last group are the only ones that a reader drops.
  VIPPY_ASSERT(again.size() == bytes.size());
  VIPPY_ASSERT(decode_wire2(again, keys()) == *message);
  return 0;
}
