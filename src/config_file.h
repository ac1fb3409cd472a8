// The configuration file as octets and facts.
//
// Purpose: read the file whole, or say why not and what to do.
// Units:   octets.
// Bounds:  kConfigOctetsMax (limits.h); only regular files, so that no read ever waits.
// Errors:  ConfigFileFailure with the errno's name and the remedy.
// Order:   blocks for the disk: at start and on reload, never between.
#pragma once

#include <string>

#include "core/config_check.h"
#include "core/result.h"

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

[[nodiscard]] core::Result<ConfigFile, ConfigFileFailure> read_config_file(const std::string& path);

}  // namespace vippy::hall
