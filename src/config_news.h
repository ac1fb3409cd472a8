// What is known of the configuration file, seen from the loop.
//
// Purpose: whether the file is still what runs. Somebody else looks, beside the loop: a file system
//          that does not answer keeps nobody but him.
// Purity:  no files, no clock; the looks are handed in.
// Bounds:  one look at a time. Who asks for the status waits kPatience for it and is then told what
//          was seen last; after kHangs it is said that nothing can be seen.
// Order:   begin(), then seen() some time. forget() when the file was read to be used: what was
//          seen before is not compared with what runs now.
#pragma once

#include <chrono>
#include <optional>

#include "config_file.h"
#include "core/time.h"

namespace vippy::hall {

class ConfigNews {
 public:
  static constexpr core::Duration kPatience = std::chrono::milliseconds(100);
  static constexpr core::Duration kHangs = std::chrono::seconds(2);

  // Is a look to be begun?
  [[nodiscard]] bool begin(core::Instant now) {
    if (begun_) return false;
    begun_ = now;
    return true;
  }
  void seen(const ConfigLook& look, core::Instant now) {
    begun_.reset();
    digest_ = look.digest;
    changed_ = now - look.age;
  }
  void forget() { digest_.reset(); }

  // Of the look that is under way; the past when there is none.
  [[nodiscard]] core::Instant awaited_until() const {
    return begun_ ? *begun_ + kPatience : core::Instant::min();
  }
  // How long ago it was changed, if it is not the text of this digest (any more).
  [[nodiscard]] std::optional<core::Duration> differs(std::uint64_t text_digest,
                                                      core::Instant now) const {
    if (!digest_ || *digest_ == text_digest) return std::nullopt;
    return now - changed_;
  }
  // Since when it cannot be looked at.
  [[nodiscard]] std::optional<core::Duration> hangs(core::Instant now) const {
    if (!begun_ || now - *begun_ < kHangs) return std::nullopt;
    return now - *begun_;
  }

 private:
  std::optional<core::Instant> begun_;
  std::optional<std::uint64_t> digest_;
  core::Instant changed_{};
};

}  // namespace vippy::hall
