// Whatever a daemon says is its status: rendering it never crashes, and the text holds no control
// characters but line ends.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "ctl/render_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vippy::ctl;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto text = render_text(json, Detail::verbose);
  if (!text) return 0;
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
  };
  VIPPY_ASSERT(std::none_of(text->begin(), text->end(), is_control));
  return 0;
}
