// A JSON text as a tree of values that know where they stand.
//
// Purpose: readers that report every fault with line, column and JSON path need the place of each
//          value; the parser alone forgets it.
// Purity:  values only.
// Units:   offsets in octets from the start of the text as written.
// Bounds:  kConfigValuesMax values, kJsonDepthMax levels.
// Errors:  TextProblem, the first one: malformed UTF-8, no JSON, out of bounds.
// Source:  RFC 8259; the parser is simdjson's On-Demand front end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/relaxed_json.h"
#include "core/result.h"

namespace vippy::core {

struct JsonNode {
  enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::size_t offset = 0;
  std::size_t key_offset = 0;      // where its key stands, when it is a member of an object
  std::string key;                 // of a member of an object
  std::string text;                // of a string; of a number the digits as written
  std::vector<JsonNode> children;  // of an array or object, in the order of the text

  [[nodiscard]] bool is_string() const { return kind == Kind::string; }
  [[nodiscard]] bool is_number() const { return kind == Kind::number; }
  [[nodiscard]] bool is_array() const { return kind == Kind::array; }
  [[nodiscard]] bool is_object() const { return kind == Kind::object; }
  // The first member with this key, or nullptr.
  [[nodiscard]] const JsonNode* find(std::string_view name) const;
};

// Reads relaxed JSON (relaxed_json.h) that holds one object.
[[nodiscard]] Result<JsonNode, TextProblem> read_tree(std::string_view text);

// The path of what stands at `offset` (of a value or a key): "vips[2][1].ip"; "" for the root.
[[nodiscard]] std::string path_at(const JsonNode& root, std::size_t offset);

// Appends the value as JSON.stringify would.
void append_compact(std::string& out, const JsonNode& node);

}  // namespace vippy::core
