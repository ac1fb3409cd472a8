// Relaxed JSON to strict JSON: what people write by hand, made fit for a parser.
//
// Purpose: comments (//, #, /* */), trailing commas, single-quoted strings and a byte order mark
//          become strict JSON whose places can be traced back to the text as written.
// Purity:  text in, text out.
// Units:   offsets in octets from the start of the text; lines and columns count from 1.
// Bounds:  linear; nesting at most kJsonDepthMax.
// Errors:  TextProblem: the first place where the text is neither JSON nor relaxed JSON, with
//          what was wanted there. Words of the text are not quoted back: they may be secret.
// Source:  RFC 8259 (JSON); the relaxations are listed above and in docs/config.md.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace vippy::core {

struct TextProblem {
  std::size_t offset = 0;  // in the text as written
  std::string text;        // what was found, what is wanted
};

struct TextPlace {
  std::size_t line = 1;
  std::size_t column = 1;  // in octets
};

// Turns offsets into places; built once for a text, O(log lines) for each question.
class LineIndex {
 public:
  explicit LineIndex(std::string_view text);
  [[nodiscard]] TextPlace place(std::size_t offset) const;

 private:
  std::vector<std::size_t> starts_;
};

struct RelaxedJson {
  struct Shift {
    std::size_t json;  // from here on in the strict text ...
    std::size_t text;  // ... octets come from here on in the text as written
  };
  std::string json;
  std::vector<Shift> shifts;  // ascending

  // The offset in the text as written of an offset in `json`.
  [[nodiscard]] std::size_t origin(std::size_t offset) const;
};

// Requires well-formed UTF-8 (see first_bad_utf8). The result nests well and every word in it is
// a literal, a number or a string: only the range of a number and lone surrogates are unchecked.
[[nodiscard]] Result<RelaxedJson, TextProblem> relax_json(std::string_view text);

}  // namespace vippy::core
