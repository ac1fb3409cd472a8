// A scenario: a cluster and what happens to it when, as a text that a person writes.
//
// Purpose: small stories with a known end. What came of it is a text, too, and compared.
// Purity:  the same script gives the same story, octet for octet.
// Errors:  the line and what was wrong with it; expectations that are not met are in the story.
// Shape:   see docs/testing.md, "Scenarios".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/result.h"
#include "tests/sim/history.h"

namespace vippy::sim {

struct ScriptLine {
  std::size_t number = 0;
  Duration at{};
  std::vector<std::string> words;  // a command and what it is about
};

struct Script {
  std::size_t nodes = 3;
  std::size_t hosts = 2;
  std::uint64_t seed = 1;
  core::Config config;  // `shared` is the first one of the text
  bool has_guards = false;
  std::map<std::string, std::shared_ptr<const core::Shared>> files;  // by name
  std::vector<ScriptLine> lines;  // by time
  Duration until{};
};

struct ScriptError {
  std::size_t line = 0;
  std::string text;
};

struct ScriptResult {
  std::string story;  // what was done, who held what when, what was not as expected
  std::string trace;  // everything
  std::size_t failures = 0;  // expectations that were not met, and violations
};

[[nodiscard]] core::Result<Script, ScriptError> parse_script(std::string_view text);
[[nodiscard]] core::Result<ScriptResult, ScriptError> run_script(const Script& script);

// "1.5s", "20ms", "300us".
[[nodiscard]] bool parse_duration(std::string_view text, Duration& out);

}  // namespace vippy::sim
