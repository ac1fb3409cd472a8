#include "core/tree_json.h"

#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "core/json_text.h"
#include "core/limits.h"

namespace vippy::core {

namespace {

namespace ondemand = simdjson::ondemand;

class TreeReader {
 public:
  explicit TreeReader(const RelaxedJson& relaxed) : relaxed_(relaxed), padded_(relaxed.json) {}

  Result<JsonNode, TextProblem> run() {
    ondemand::parser parser;
    ondemand::document document;
    ondemand::value value;
    JsonNode root;
    // Nothing here fails for a text that relax_json() let through, but for memory.
    if (const auto error = parser.iterate(padded_).get(document)) return failed(error, 0);
    if (const auto error = document.get_value().get(value)) return failed(error, 0);
    if (!read(value, root)) return failure(std::move(*problem_));
    return root;
  }

 private:
  Result<JsonNode, TextProblem> failed(simdjson::error_code error, std::size_t offset) {
    fail(offset, simdjson::error_message(error));
    return failure(std::move(*problem_));
  }

  bool fail(std::size_t offset, std::string text) {
    problem_ = TextProblem{offset, std::move(text)};
    return false;
  }

  [[nodiscard]] std::size_t origin(const char* at) const {
    return relaxed_.origin(static_cast<std::size_t>(at - padded_.data()));
  }

  bool read(ondemand::value value, JsonNode& node) {
    const std::string_view token = value.raw_json_token();
    node.offset = origin(token.data());
    if (++values_ > kConfigValuesMax) {
      return fail(node.offset, "more than " + std::to_string(kConfigValuesMax) +
                                   " values; vippy holds at most " + std::to_string(kVipsMax) +
                                   " VIPs: split the cluster");
    }
    switch (token[0]) {
      case '{': return read_object(value, node);
      case '[': return read_array(value, node);
      case '"': return read_string(value, node);
      case 't':
      case 'f': return read_boolean(value, node);
      case 'n': return true;
    }
    return read_number(value, token, node);
  }

  bool read_string(ondemand::value value, JsonNode& node) {
    node.kind = JsonNode::Kind::string;
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) return bad_escape(node.offset);
    node.text = text;
    return true;
  }

  bool bad_escape(std::size_t offset) {
    return fail(offset,
                "found half of a \\u surrogate pair in this string, wants both halves "
                "(\\ud83d\\ude00) or the character itself");
  }

  bool read_boolean(ondemand::value value, JsonNode& node) {
    node.kind = JsonNode::Kind::boolean;
    return value.get_bool().get(node.boolean) == simdjson::SUCCESS ||
           fail(node.offset, "found a malformed word, wants true or false");
  }

  bool read_number(ondemand::value value, std::string_view token, JsonNode& node) {
    node.kind = JsonNode::Kind::number;
    node.text = token.substr(0, std::min(token.find_last_not_of(" \t\r\n") + 1, token.size()));
    return value.get_double().get(node.number) == simdjson::SUCCESS ||
           fail(node.offset,
                "found a number beyond what a computer's number holds, wants one "
                "between -1.7e308 and 1.7e308");
  }

  bool read_array(ondemand::value value, JsonNode& node) {
    node.kind = JsonNode::Kind::array;
    ondemand::array array;
    if (const auto error = value.get_array().get(array)) return malformed(error, node);
    for (auto item : array) {
      ondemand::value child;
      if (const auto error = std::move(item).get(child)) return malformed(error, node);
      if (!read(child, node.children.emplace_back())) return false;
    }
    return true;
  }

  bool read_object(ondemand::value value, JsonNode& node) {
    node.kind = JsonNode::Kind::object;
    ondemand::object object;
    if (const auto error = value.get_object().get(object)) return malformed(error, node);
    for (auto member : object) {
      ondemand::field field;
      if (const auto error = std::move(member).get(field)) return malformed(error, node);
      auto& child = node.children.emplace_back();
      child.key_offset = origin(field.key().raw() - 1);
      std::string_view key;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS) return bad_escape(child.key_offset);
      child.key = key;
      if (!read(field.value(), child)) return false;
    }
    return true;
  }

  bool malformed(simdjson::error_code error, const JsonNode& node) {
    return fail(node.offset,
                std::string("found malformed JSON: ") + simdjson::error_message(error));
  }

  const RelaxedJson& relaxed_;
  simdjson::padded_string padded_;
  std::size_t values_ = 0;
  std::optional<TextProblem> problem_;
};

bool is_plain_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

void append_step(std::string& path, const JsonNode& parent, const JsonNode& child) {
  if (parent.is_array()) {
    path += '[' + std::to_string(&child - parent.children.data()) + ']';
  } else if (is_plain_key(child.key)) {
    path.append(path.empty() ? "" : ".").append(child.key);
  } else {
    path += '[';
    append_json_string(path, child.key);
    path += ']';
  }
}

std::string utf8_problem(std::string_view text) {
  if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff")) {
    return "the text is UTF-16, wants UTF-8: save the file in that encoding";
  }
  return "found an octet that is not UTF-8, wants UTF-8: save the file in that encoding";
}

}  // namespace

const JsonNode* JsonNode::find(std::string_view name) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const JsonNode& child) { return child.key == name; });
  return is_object() && found != children.end() ? &*found : nullptr;
}

Result<JsonNode, TextProblem> read_tree(std::string_view text) {
  if (const auto bad = first_bad_utf8(text); bad != std::string_view::npos) {
    return failure(TextProblem{bad, utf8_problem(text)});
  }
  auto relaxed = relax_json(text);
  if (!relaxed) return failure(std::move(relaxed.error()));
  return TreeReader(*relaxed).run();
}

std::string path_at(const JsonNode& root, std::size_t offset) {
  std::string path;
  const JsonNode* node = &root;
  while (node->offset != offset && !node->children.empty()) {
    const auto next = std::upper_bound(node->children.begin(), node->children.end(), offset,
                                       [&](std::size_t at, const auto& c) {
                                         return at < (node->is_object() ? c.key_offset : c.offset);
                                       });
    if (next == node->children.begin()) break;
    const JsonNode& child = *std::prev(next);
    append_step(path, *node, child);
    node = &child;
    if (child.key_offset == offset) break;
  }
  return path;
}

void append_compact(std::string& out, const JsonNode& node) {
  const auto append_children = [&](char first, char last) {
    out += first;
    for (const auto& child : node.children) {
      if (&child != node.children.data()) out += ',';
      if (node.is_object()) {
        append_json_string(out, child.key);
        out += ':';
      }
      append_compact(out, child);
    }
    out += last;
  };
  switch (node.kind) {
    case JsonNode::Kind::null: out += "null"; break;
    case JsonNode::Kind::boolean: out += node.boolean ? "true" : "false"; break;
    case JsonNode::Kind::number: append_json_number(out, node.number); break;
    case JsonNode::Kind::string: append_json_string(out, node.text); break;
    case JsonNode::Kind::array: append_children('[', ']'); break;
    case JsonNode::Kind::object: append_children('{', '}'); break;
  }
}

}  // namespace vippy::core
