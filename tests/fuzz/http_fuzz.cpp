// The parser and the server never crash, hold their bounds, and understand the same whatever the
// pieces are in which the octets come. The first octet is the size of the pieces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/assert.h"
#include "ctl/server.h"

namespace {

using namespace vippy::ctl;

struct Reading {
  std::vector<HttpRequest> requests;
  std::optional<HttpError> error;
  bool operator==(const Reading&) const = default;
};

Reading read(std::span<const std::uint8_t> bytes, std::size_t piece) {
  HttpParser parser;
  Reading reading;
  while (!bytes.empty() && !reading.error) {
    const auto size = std::min(piece, bytes.size());
    parser.append(bytes.first(size));
    bytes = bytes.subspan(size);
    for (bool more = true; more && !reading.error;) {
      const auto next = parser.next();
      if (!next) reading.error = next.error();
      more = next && *next;
      if (more) reading.requests.push_back(**next);
    }
    VIPPY_ASSERT(reading.error || parser.waiting() <= kHeadOctetsMax + kBodyOctetsMax);
  }
  return reading;
}

void serve(std::span<const std::uint8_t> bytes, std::size_t piece) {
  Server server;
  ServerOutput out;
  const Moment moment{vippy::core::Instant{}, "DATE"};
  server.on_opened(1, moment, out);
  while (!bytes.empty()) {
    const auto size = std::min(piece, bytes.size());
    server.on_bytes(1, bytes.first(size), moment, out);
    bytes = bytes.subspan(size);
    for (std::size_t i = 0; i < out.questions.size(); ++i) {
      const auto question = out.questions[i];
      server.answer(question, {200, "{}"}, moment, out);
    }
    out.questions.clear();
  }
  for (std::size_t i = 0; i + 1 < out.outgoing.size(); ++i) VIPPY_ASSERT(!out.outgoing[i].close);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = std::max<std::size_t>(data[0], 1);
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  VIPPY_ASSERT(read(bytes, piece) == read(bytes, bytes.size() + 1));
  serve(bytes, piece);
  return 0;
}
