#include "core/relaxed_json.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/limits.h"

namespace vippy::core {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_digit_or_sign(char c) { return is_digit(c) || c == '-' || c == '+' || c == '.'; }

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

std::size_t count_digits(std::string_view text) {
  const auto* const end = std::find_if_not(text.begin(), text.end(), is_digit);
  return static_cast<std::size_t>(end - text.begin());
}

// RFC 8259 section 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
bool is_number(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  const auto whole = count_digits(word);
  if (whole == 0 || (whole > 1 && word[0] == '0')) return false;
  word.remove_prefix(whole);
  if (word.starts_with('.')) {
    word.remove_prefix(1);
    const auto fraction = count_digits(word);
    if (fraction == 0) return false;
    word.remove_prefix(fraction);
  }
  if (word.starts_with('e') || word.starts_with('E')) {
    word.remove_prefix(1);
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    const auto exponent = count_digits(word);
    if (exponent == 0) return false;
    word.remove_prefix(exponent);
  }
  return word.empty();
}

class Relaxer {
 public:
  explicit Relaxer(std::string_view text) : text_(text) { out_.json.reserve(text.size() + 64); }

  Result<RelaxedJson, TextProblem> run() {
    if (text_.starts_with("\xef\xbb\xbf")) blank(3);
    while (skip_blanks() && at_ < text_.size()) {
      if (!token()) break;
    }
    if (!problem_) finish();
    if (problem_) return failure(std::move(*problem_));
    return std::move(out_);
  }

 private:
  enum class Wanted { value, key, colon, comma, end };
  struct Open {
    char bracket;
    std::size_t offset;
  };

  bool fail(std::size_t offset, std::string text) {
    problem_ = TextProblem{offset, std::move(text)};
    return false;
  }

  [[nodiscard]] char closing() const { return open_.back().bracket == '{' ? '}' : ']'; }

  [[nodiscard]] std::string wanted_text() const {
    switch (wanted_) {
      case Wanted::value:
        if (open_.empty()) return "an object: { ... }";
        return closing() == ']' ? "a value or ']'" : "a value: text in quotes, a number, [ or {";
      case Wanted::key: return "a key in double quotes or '}'";
      case Wanted::colon: return "':' after the key";
      case Wanted::comma: return std::string("',' or '") + closing() + "'" + opened_text();
      case Wanted::end: return "nothing more after the closing '}'";
    }
    return {};
  }

  [[nodiscard]] std::string opened_text() const {
    const auto place = LineIndex(text_).place(open_.back().offset);
    return std::string(" (closing the '") + open_.back().bracket + "' of line " +
           std::to_string(place.line) + ", column " + std::to_string(place.column) + ")";
  }

  bool unexpected(const std::string& found) {
    return fail(at_, "found " + found + ", wants " + wanted_text());
  }

  bool unexpected_char() { return unexpected(std::string("'") + text_[at_] + "'"); }

  void copy(std::size_t count) {
    out_.json.append(text_, at_, count);
    at_ += count;
  }

  void blank(std::size_t count) {
    out_.json.append(count, ' ');
    at_ += count;
  }

  void shift() { out_.shifts.push_back({out_.json.size(), at_}); }

  void after_value() {
    wanted_ = open_.empty() ? Wanted::end : Wanted::comma;
    comma_.reset();
  }

  // Blanks out white space and comments; false when a comment is not closed.
  bool skip_blanks() {
    while (at_ < text_.size()) {
      const auto rest = text_.substr(at_);
      if (rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\n' || rest[0] == '\r') {
        copy(1);
      } else if (rest[0] == '#' || rest.starts_with("//")) {
        blank(std::min(rest.find_first_of("\r\n"), rest.size()));
      } else if (rest.starts_with("/*")) {
        const auto end = rest.find("*/", 2);
        if (end == std::string_view::npos) {
          return fail(at_, "this comment is never closed, wants '*/' somewhere after it");
        }
        blank(end + 2);
      } else {
        return true;
      }
    }
    return true;
  }

  bool token() {
    switch (text_[at_]) {
      case '{':
      case '[': return open();
      case '}':
      case ']': return close();
      case ',': return comma();
      case ':': return colon();
      case '"':
      case '\'': return string();
    }
    return word();
  }

  bool open() {
    const char bracket = text_[at_];
    if (wanted_ != Wanted::value || (open_.empty() && bracket == '[')) return unexpected_char();
    if (open_.size() == kJsonDepthMax) {
      return fail(at_, "brackets nest deeper than " + std::to_string(kJsonDepthMax) +
                           "; vippy's own keys need 4: take some out");
    }
    open_.push_back({bracket, at_});
    copy(1);
    wanted_ = bracket == '{' ? Wanted::key : Wanted::value;
    comma_.reset();
    fresh_ = true;
    return true;
  }

  bool close() {
    const bool may_close = wanted_ == Wanted::comma || fresh_ || comma_;
    if (!may_close || open_.empty() || text_[at_] != closing()) return unexpected_char();
    if (comma_) out_.json[*comma_] = ' ';
    open_.pop_back();
    copy(1);
    fresh_ = false;
    after_value();
    return true;
  }

  bool comma() {
    if (wanted_ != Wanted::comma) return unexpected_char();
    comma_ = out_.json.size();
    copy(1);
    wanted_ = closing() == '}' ? Wanted::key : Wanted::value;
    return true;
  }

  bool colon() {
    if (wanted_ != Wanted::colon) return unexpected_char();
    copy(1);
    wanted_ = Wanted::value;
    return true;
  }

  bool string() {
    if (open_.empty() || (wanted_ != Wanted::value && wanted_ != Wanted::key)) {
      return unexpected("a string");
    }
    const std::size_t begin = at_;
    const char quote = text_[at_];
    out_.json += '"';
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (!string_octets(quote, begin)) return false;
    }
    if (at_ == text_.size()) return unterminated(begin, quote);
    out_.json += '"';
    ++at_;
    fresh_ = false;
    if (wanted_ == Wanted::key) {
      wanted_ = Wanted::colon;
      comma_.reset();
    } else {
      after_value();
    }
    return true;
  }

  bool unterminated(std::size_t begin, char quote) {
    return fail(begin, std::string("this string is not closed on its line, wants a ") + quote +
                           " at its end (a line break inside is written \\n)");
  }

  bool string_octets(char quote, std::size_t begin) {
    const char c = text_[at_];
    if (c == '\\') return escape(quote);
    if (c == '\n' || c == '\r') return unterminated(begin, quote);
    if (is_control(c)) {
      return fail(at_,
                  "found a control character inside a string, wants an escape such as \\t or "
                  "\\u0001");
    }
    if (c == '"') {
      out_.json += "\\\"";
      ++at_;
      shift();
    } else {
      copy(1);
    }
    return true;
  }

  bool escape(char quote) {
    const auto rest = text_.substr(at_ + 1);
    const char kind = rest.empty() ? '\0' : rest[0];
    if (kind == '\'' && quote == '\'') {
      at_ += 1;
      shift();
      copy(1);
      return true;
    }
    if (kind == 'u') {
      const auto digits = rest.substr(1, 4);
      if (digits.size() == 4 && std::all_of(digits.begin(), digits.end(), is_hex)) {
        copy(6);
        return true;
      }
      return fail(at_, "wants four hexadecimal digits after \\u");
    }
    if (kind != '\0' && std::string_view("\"\\/bfnrt").find(kind) != std::string_view::npos) {
      copy(2);
      return true;
    }
    return fail(at_,
                "found an unknown escape in a string, wants \\\" \\\\ \\/ \\b \\f \\n \\r \\t "
                "or \\u with four digits (a backslash is written \\\\)");
  }

  bool word() {
    const auto rest = text_.substr(at_);
    const auto length = std::min(rest.find_first_of(" \t\r\n,:[]{}\"'#/"), rest.size());
    const auto word = rest.substr(0, length);
    if (length == 0 || is_control(rest[0])) return unexpected("a stray character");
    if (wanted_ == Wanted::key) return unexpected("a key without quotes");
    if (wanted_ != Wanted::value || open_.empty()) return unexpected("a word");
    if (word != "true" && word != "false" && word != "null" && !is_number(word)) {
      return fail(at_,
                  is_digit(word.back()) && is_digit_or_sign(word[0])
                      ? "found a malformed number, wants one such as 3, 0.25 or 1e-3 (anything "
                        "else goes in double quotes)"
                      : "found a word without quotes, wants text in double quotes, a number, "
                        "true, false or null");
    }
    copy(length);
    fresh_ = false;
    after_value();
    return true;
  }

  void finish() {
    if (!open_.empty()) {
      fail(open_.back().offset, std::string("this '") + open_.back().bracket +
                                    "' is never closed, wants a '" + closing() +
                                    "' after its last member");
    } else if (wanted_ != Wanted::end) {
      fail(0, "the text holds nothing, wants an object: { ... }");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  RelaxedJson out_;
  Wanted wanted_ = Wanted::value;
  bool fresh_ = false;                // the last token opened a bracket
  std::optional<std::size_t> comma_;  // in out_: the last token was this comma
  std::vector<Open> open_;
  std::optional<TextProblem> problem_;
};

}  // namespace

LineIndex::LineIndex(std::string_view text) : starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

TextPlace LineIndex::place(std::size_t offset) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), offset);
  return {static_cast<std::size_t>(next - starts_.begin()), offset - *std::prev(next) + 1};
}

std::size_t RelaxedJson::origin(std::size_t offset) const {
  const auto next = std::upper_bound(shifts.begin(), shifts.end(), offset,
                                     [](std::size_t at, const Shift& s) { return at < s.json; });
  if (next == shifts.begin()) return offset;
  return std::prev(next)->text + (offset - std::prev(next)->json);
}

Result<RelaxedJson, TextProblem> relax_json(std::string_view text) { return Relaxer(text).run(); }

}  // namespace vippy::core
