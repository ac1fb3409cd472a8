// The announcement of protocol 1 under libFuzzer.
//
// Properties: no bytes crash the decoder; what decodes encodes, and decodes again to the same.
#include <cstdint>
#include <span>
#include <string>

#include "core/assert.h"
#include "core/graduate.h"
#include "core/wire1.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vippy::core;
  const auto announcement = decode_announcement({data, size});
  if (!announcement) return 0;
  std::string text;
  encode(*announcement, text);
  const auto* begin = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto again = decode_announcement({begin, text.size()});
  VIPPY_ASSERT(again.has_value());
  VIPPY_ASSERT(again->me == announcement->me && again->is_active == announcement->is_active);
  VIPPY_ASSERT(*again->shared == *announcement->shared);
  VIPPY_ASSERT(again->hash == announcement->hash && again->nonce == announcement->nonce);
  const AnnouncementHash hash(*announcement->shared, "secret");
  VIPPY_ASSERT(!hash.matches(announcement->hash, announcement->nonce));
  static_cast<void>(unusable(*announcement->shared, vippy::core::Protocol::v1));
  return 0;
}
