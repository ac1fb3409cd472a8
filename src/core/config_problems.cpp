#include "core/config_problems.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "core/json_text.h"
#include "core/limits.h"
#include "core/spelling.h"

namespace vippy::core {

namespace {

constexpr std::size_t kFoundOctetsMax = 60;

std::string shortened(std::string_view text) {
  if (text.size() <= kFoundOctetsMax) return std::string(text);
  std::size_t length = kFoundOctetsMax;
  while ((static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80) --length;
  return std::string(text.substr(0, length)) + "...";
}

std::string quoted(std::string_view text) {
  std::string result;
  append_json_string(result, shortened(text));
  return result;
}

}  // namespace

ProblemLog::ProblemLog(std::string_view text, const JsonNode& root) : root_(root), lines_(text) {}

void ProblemLog::add(Severity severity, std::size_t offset, std::string path, std::string text) {
  if (severity == Severity::error) has_errors_ = true;
  if (problems_.size() > kConfigProblemsMax) return;
  if (problems_.size() == kConfigProblemsMax) {
    // Past every place of a text, so that it sorts last.
    problems_.push_back({severity, 0, 0, "", "there is more; it is shown once these are mended"});
    return;
  }
  const auto [line, column] = lines_.place(offset);
  problems_.push_back({severity, line, column, std::move(path), std::move(text)});
}

void ProblemLog::error(const JsonNode& node, std::string text) {
  add(Severity::error, node.offset, path_at(root_, node.offset), std::move(text));
}

void ProblemLog::warning(const JsonNode& node, std::string text) {
  add(Severity::warning, node.offset, path_at(root_, node.offset), std::move(text));
}

void ProblemLog::refuse(const JsonNode& node, std::string_view wants) {
  error(node, "found " + found(node) + ", wants " + std::string(wants));
}

void ProblemLog::missing(const JsonNode& object, std::string_view key, std::string_view wants) {
  const auto path = path_at(root_, object.offset);
  add(Severity::error, object.offset, path + (path.empty() ? "" : ".") + std::string(key),
      "this key is missing, wants " + std::string(wants));
}

void ProblemLog::error_at_key(const JsonNode& member, std::string text) {
  add(Severity::error, member.key_offset, path_at(root_, member.key_offset), std::move(text));
}

void ProblemLog::warning_at_key(const JsonNode& member, std::string text) {
  add(Severity::warning, member.key_offset, path_at(root_, member.key_offset), std::move(text));
}

std::string ProblemLog::where(const JsonNode& node) const {
  const auto [line, column] = lines_.place(node.offset);
  return path_at(root_, node.offset) + " (line " + std::to_string(line) + ", column " +
         std::to_string(column) + ")";
}

std::vector<ConfigProblem> ProblemLog::take() {
  const auto key = [](const ConfigProblem& problem) {
    return std::pair(problem.line == 0 ? SIZE_MAX : problem.line, problem.column);
  };
  std::stable_sort(problems_.begin(), problems_.end(),
                   [&](const auto& left, const auto& right) { return key(left) < key(right); });
  return std::exchange(problems_, {});
}

std::string found(const JsonNode& node) {
  switch (node.kind) {
    case JsonNode::Kind::null: return "null";
    case JsonNode::Kind::boolean: return node.boolean ? "true" : "false";
    case JsonNode::Kind::number: return shortened(node.text);
    case JsonNode::Kind::string: return quoted(node.text);
    case JsonNode::Kind::array: return node.children.empty() ? "an empty list" : "a list";
    case JsonNode::Kind::object: return "an object";
  }
  return {};
}

std::string list_choices(std::span<const std::string_view> choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) text += i + 1 == choices.size() ? " or " : ", ";
    append_json_string(text, choices[i]);
  }
  return text;
}

void check_keys(const JsonNode& object, std::span<const std::string_view> known, ProblemLog& log) {
  for (const auto& member : object.children) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    const auto near = nearest(member.key, known);
    if (near.empty()) {
      log.warning_at_key(member, quoted(member.key) + " is not a key of vippy; it is ignored");
    } else {
      log.error_at_key(member, quoted(member.key) + " is not a key of vippy; did you mean " +
                                   quoted(near) + "?");
    }
  }
}

void check_duplicate_keys(const JsonNode& node, ProblemLog& log) {
  std::unordered_map<std::string_view, const JsonNode*> seen;
  for (const auto& child : node.children) {
    if (node.is_object()) {
      const auto [first, is_new] = seen.emplace(child.key, &child);
      if (!is_new) {
        log.error_at_key(child, "this key stands twice, first at " + log.where(*first->second) +
                                    "; keep one of them");
      }
    }
    check_duplicate_keys(child, log);
  }
}

}  // namespace vippy::core
