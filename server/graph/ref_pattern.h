#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/status.h"
#include "server/graph/matcher.h"
#include "server/graph/period.h"

namespace fft {

/// A hole in a pattern.
struct Capture {
  std::string name;
  std::optional<DateFormat> format;  // of a typed date: only dates that exist match
  bool operator==(const Capture& other) const {
    return name == other.name && format.has_value() == other.format.has_value() &&
           (!format || format->text() == other.format->text());
  }
};

/// Refs of one shape: `weather/daily/{city}/{date:%Y-%m-%d}`; see docs/templates.md.  Immutable.
class RefPattern {
 public:
  /// INVALID_ARGUMENT tells what is wrong and at which byte.
  static StatusOr<RefPattern> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::vector<Capture>& captures() const { return captures_; }
  /// What all its refs begin with.
  const std::string& literal_prefix() const { return pieces_.front().literal; }
  bool is_literal() const { return captures_.empty(); }

  /// On true `values` are parts of `ref`, parallel to captures().
  bool Match(std::string_view ref, std::vector<std::string_view>* values) const;
  /// Its text without the names of its captures: two with one shape make the same refs.
  std::string Shape() const;
  /// The ref that has these values, parallel to captures().
  std::string Render(std::span<const std::string_view> values) const;

 private:
  // Literal text, then the capture of the same place but for the last piece.
  struct Piece {
    std::string literal;
    std::string expression;  // of `{name=EXPRESSION}`
  };

  Status AddCapture(std::string_view inside, std::size_t column);
  Status Compile();
  bool MatchPlain(std::string_view ref, std::vector<std::string_view>* values) const;
  bool AreDatesReal(const std::vector<std::string_view>& values) const;

  std::string text_;
  std::vector<Piece> pieces_;  // one more than captures_
  std::vector<Capture> captures_;
  bool is_plain_ = true;  // every capture ends where a `/` or the ref does, or has a fixed width
  Matcher matcher_;       // when it is not plain
};

/// Length of what stands in braces at the beginning of `text`, which begins after `{`; braces nest.
std::optional<std::size_t> BracedLength(std::string_view text);
/// Whether it is a letter or `_`, then letters, digits or `_`; at most 64.
bool IsName(std::string_view text);

}  // namespace fft
