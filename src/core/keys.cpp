#include "core/keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <string>

#include "core/assert.h"

namespace vippy::core {

namespace {

using KeyOctets = std::array<std::uint8_t, 32>;

struct Free {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

OSSL_PARAM text_param(const char* key, std::string& value) {
  return OSSL_PARAM_construct_utf8_string(key, value.data(), value.size());
}

OSSL_PARAM octets_param(const char* key, std::string& value) {
  return OSSL_PARAM_construct_octet_string(key, value.data(), value.size());
}

KeyOctets derive(std::string_view secret, std::string info) {
  const std::unique_ptr<EVP_KDF, Free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  VIPPY_ASSERT(kdf != nullptr);
  const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(kdf.get()));
  VIPPY_ASSERT(context != nullptr);
  std::string digest = "SHA256";
  std::string salt = "vippy protocol 2";
  std::string key(secret);
  const std::array params = {text_param(OSSL_KDF_PARAM_DIGEST, digest),
                             octets_param(OSSL_KDF_PARAM_SALT, salt),
                             octets_param(OSSL_KDF_PARAM_KEY, key),
                             octets_param(OSSL_KDF_PARAM_INFO, info), OSSL_PARAM_construct_end()};
  KeyOctets out{};
  const int done = EVP_KDF_derive(context.get(), out.data(), out.size(), params.data());
  OPENSSL_cleanse(key.data(), key.size());
  VIPPY_ASSERT(done == 1);
  return out;
}

std::unique_ptr<EVP_MAC_CTX, Free> hmac_context(KeyOctets key) {
  const std::unique_ptr<EVP_MAC, Free> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  VIPPY_ASSERT(mac != nullptr);
  std::unique_ptr<EVP_MAC_CTX, Free> context(EVP_MAC_CTX_new(mac.get()));
  std::string digest = "SHA256";
  const std::array params = {text_param(OSSL_MAC_PARAM_DIGEST, digest),
                             OSSL_PARAM_construct_end()};
  const int done = EVP_MAC_init(context.get(), key.data(), key.size(), params.data());
  VIPPY_ASSERT(done == 1);
  OPENSSL_cleanse(key.data(), key.size());
  return context;
}

}  // namespace

struct Keyring::Key {
  explicit Key(std::string_view secret) : context(hmac_context(derive(secret, "messages"))) {
    const auto name = derive(secret, "key id");
    id = static_cast<KeyId>(name[0]) << 24U | static_cast<KeyId>(name[1]) << 16U |
         static_cast<KeyId>(name[2]) << 8U | static_cast<KeyId>(name[3]);
  }

  [[nodiscard]] MacCode sign(std::span<const std::uint8_t> message) const {
    KeyOctets full{};
    std::size_t length = 0;
    // Without a key the context starts again with the one it has.
    const bool done = EVP_MAC_init(context.get(), nullptr, 0, nullptr) == 1 &&
                      EVP_MAC_update(context.get(), message.data(), message.size()) == 1 &&
                      EVP_MAC_final(context.get(), full.data(), &length, full.size()) == 1;
    VIPPY_ASSERT(done && length == full.size());
    MacCode code{};
    std::copy_n(full.begin(), code.size(), code.begin());
    return code;
  }

  std::unique_ptr<EVP_MAC_CTX, Free> context;
  KeyId id = 0;
};

Keyring::Keyring(std::span<const std::string_view> secrets) {
  VIPPY_ASSERT(!secrets.empty() && secrets.size() <= kSecretsMax);
  for (const auto secret : secrets) keys_.push_back(std::make_unique<Key>(secret));
}

Keyring::~Keyring() = default;
Keyring::Keyring(Keyring&&) noexcept = default;
Keyring& Keyring::operator=(Keyring&&) noexcept = default;

KeyId Keyring::current() const { return keys_.front()->id; }

MacCode Keyring::sign(std::span<const std::uint8_t> message) const {
  return keys_.front()->sign(message);
}

bool Keyring::verify(KeyId id, std::span<const std::uint8_t> message,
                     std::span<const std::uint8_t> code) const {
  if (code.size() != kMacOctets) return false;
  const auto found = std::find_if(keys_.begin(), keys_.end(),
                                  [&](const auto& key) { return key->id == id; });
  if (found == keys_.end()) return false;
  const auto wanted = (*found)->sign(message);
  return CRYPTO_memcmp(wanted.data(), code.data(), kMacOctets) == 0;
}

}  // namespace vippy::core
