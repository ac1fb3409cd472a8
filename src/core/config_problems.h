// Everything that is wrong with a configuration text, gathered before anything is said.
//
// Purpose: one reading reports all faults, each with its place, path, what was found and what is
//          wanted.
// Purity:  values only.
// Bounds:  kConfigProblemsMax problems; a last one says that more were left out.
// Errors:  none of its own.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/relaxed_json.h"
#include "core/tree_json.h"

namespace vippy::core {

class ProblemLog {
 public:
  // Both must outlive the log.
  ProblemLog(std::string_view text, const JsonNode& root);

  void error(const JsonNode& node, std::string text);
  void warning(const JsonNode& node, std::string text);
  // "found 12, wants <wants>"
  void refuse(const JsonNode& node, std::string_view wants);
  // A key that must be there is not.
  void missing(const JsonNode& object, std::string_view key, std::string_view wants);
  // About the key of a member, not its value.
  void error_at_key(const JsonNode& member, std::string text);
  void warning_at_key(const JsonNode& member, std::string text);

  // "vips[0][1].ip (line 3, column 5)"
  [[nodiscard]] std::string where(const JsonNode& node) const;
  [[nodiscard]] bool has_errors() const { return has_errors_; }
  // All problems in the order of the text; the log is empty afterwards.
  [[nodiscard]] std::vector<ConfigProblem> take();

 private:
  void add(Severity severity, std::size_t offset, std::string path, std::string text);

  const JsonNode& root_;
  LineIndex lines_;
  bool has_errors_ = false;
  std::vector<ConfigProblem> problems_;
};

// What stands there, in words short enough for a message: "12", "\"abc\"", "an object".
[[nodiscard]] std::string found(const JsonNode& node);

// "\"a\", \"b\" or \"c\""
[[nodiscard]] std::string list_choices(std::span<const std::string_view> choices);

// Reports members of an object that are not among `known`: one that is close to a known key is an
// error (it is misspelt), any other a warning (plugins read keys of their own).
void check_keys(const JsonNode& object, std::span<const std::string_view> known, ProblemLog& log);

// Reports keys that stand twice in one object, anywhere below `node`.
void check_duplicate_keys(const JsonNode& node, ProblemLog& log);

}  // namespace vippy::core
