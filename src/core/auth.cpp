#include "core/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <charconv>

#include "core/assert.h"

namespace vippy::core {

namespace {

void append_group(std::string& out, const Group& group) {
  bool first = true;
  const auto append = [&](std::string_view member) {
    if (!first) out.push_back(',');
    first = false;
    out += member;
  };
  if (group.preferred) append(*group.preferred);
  for (const auto& vip : group.vips) append(vip.text);
  out.push_back('\n');
}

}  // namespace

AnnouncementHash::AnnouncementHash(const Shared& shared, std::string_view secret) {
  prefix_ = std::to_string(shared.version) + "\n";
  for (const auto& group : shared.groups) append_group(prefix_, group);
  // With no groups at all the reference still joins an empty list: an empty line.
  if (shared.groups.empty()) prefix_.push_back('\n');
  for (std::size_t i = 0; i < shared.nodes.size(); ++i) {
    if (i != 0) prefix_.push_back('|');
    prefix_ += shared.nodes[i];
  }
  prefix_.push_back('\n');
  prefix_ += secret;
  prefix_.push_back('\n');
}

Digest AnnouncementHash::of(std::string_view nonce) const {
  return sha256(prefix_ + std::string(nonce));
}

Digest sha256(std::string_view text) {
  Digest digest{};
  unsigned length = 0;
  const int done =
      EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  VIPPY_ASSERT(done == 1 && length == digest.size());
  return digest;
}

bool AnnouncementHash::matches(const Digest& claimed, std::string_view nonce) const {
  const auto expected = of(nonce);
  return CRYPTO_memcmp(expected.data(), claimed.data(), expected.size()) == 0;
}

bool parse_digest(std::string_view text, Digest& out) {
  if (text.size() != 2 * out.size()) return false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto* begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, out[i], 16);
    if (error != std::errc{} || end != begin + 2) return false;
  }
  return true;
}

std::string format_digest(const Digest& digest) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * digest.size());
  for (const auto octet : digest) {
    out.push_back(kDigits[octet >> 4U]);
    out.push_back(kDigits[octet & 0xfU]);
  }
  return out;
}

}  // namespace vippy::core
