// A network namespace of its own with two interfaces that are one cable: "near" and "far".
//
// Purpose: real frames on a real kernel, without touching this machine's network.
// Errors:  the text that is returned says what the kernel refused.
// Order:   the body runs in a forked child; it must not use GoogleTest's macros.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vippy::packet {

using Bytes = std::vector<std::uint8_t>;

// Empty when the body returned an empty text; else the reason why it failed or could not run.
[[nodiscard]] std::string with_veth_pair(const std::function<std::string()>& body);

// Reads frames from one interface.
class FrameReader {
 public:
  explicit FrameReader(const char* interface);
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;
  ~FrameReader();

  // The next frame that begins with these octets, within five seconds.
  [[nodiscard]] std::optional<Bytes> next(const Bytes& beginning) const;

 private:
  int socket_;
};

}  // namespace vippy::packet
