// The configuration file as octets and facts.
//
// Purpose: read the file whole, or say why not and what to do.
// Units:   octets.
// Bounds:  kConfigOctetsMax (limits.h); only regular files, so that no read ever waits.
// Errors:  ConfigFileFailure with the errno's name and the remedy.
// Order:   blocks for the disk, without end where its file system does not answer: at start in the
//          loop's thread, else beside it (on reload, and when an operator asks for the status).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "core/config_check.h"
#include "core/result.h"
#include "core/time.h"

namespace vippy::hall {

struct ConfigFile {
  std::string text;
  core::FileFacts facts;
};

struct ConfigFileFailure {
  int os_error = 0;  // 0: the file was opened, and is not one that vippy reads
  std::string text;  // "/etc/vippy.conf: ENOENT: there is no such file; ..."
};

// A problem of the file as one line: "FILE:12:5: error: ...". What names the file itself (it could
// not be read at all) stays as it is; without a file's name the problem stands alone.
[[nodiscard]] std::string placed(const std::string& file, const core::ConfigProblem& problem);

// Is the folder there in which a file of this path would be?
[[nodiscard]] bool has_folder(const std::string& path);

struct ConfigLook {
  std::uint64_t digest = 0;  // of the text; 0: it cannot be read
  core::Duration age{};      // since it was changed
};

// Looks at the file again and again; reads it only when it was changed since the last time.
class ConfigFileWatch {
 public:
  explicit ConfigFileWatch(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] ConfigLook look();

 private:
  struct Mark {
    std::array<std::int64_t, 6> facts{};
    bool operator==(const Mark&) const = default;
  };
  std::string path_;
  std::optional<Mark> seen_;
  std::uint64_t digest_ = 0;
};

[[nodiscard]] core::Result<ConfigFile, ConfigFileFailure> read_config_file(const std::string& path);

}  // namespace vippy::hall
