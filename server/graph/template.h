#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "server/base/status.h"
#include "server/graph/period.h"
#include "server/graph/ref_pattern.h"

namespace fft {

/// What a capture or a loop's variable stands for.
struct TemplateValue {
  std::string text;
  Period period;                       // grain kNone: not a date, or not known to be one yet
  const DateFormat* format = nullptr;  // in which `text` writes the period
};

/// The parts of a parsed template.
namespace template_parts {

/// A variable, perhaps shifted by some periods of its own grain; or a date as written.
struct Term {
  std::uint32_t slot = 0;  // captures first, then loops
  int shift = 0;
  std::optional<TemplateValue> literal;
  std::size_t column = 0;
  std::string name;
};

struct Piece {
  std::string literal;  // then, unless it is the last piece:
  Term term;
  std::optional<DateFormat> format;
};

struct EachOfRange {
  Term first, last;
};
struct EachWithin {
  Term of;
  Grain grain = Grain::kDay;
};
using EachOfList = std::vector<std::string>;
using Loop = std::variant<EachOfRange, EachWithin, EachOfList>;

}  // namespace template_parts

/// The daemon's whole template language (docs/templates.md): `{city}`, `{date-1:%Y-%m}`, and after
/// a space any number of `each(d in date-6..date)`, `each(d in days(month))`,
/// `each(c in red,green)`.  Parsed and bound to the captures of one pattern.  Immutable.
class Template {
 public:
  /// Binds it to these captures.  INVALID_ARGUMENT tells the column and what is wrong there.
  static StatusOr<Template> Parse(std::string_view text, const std::vector<Capture>& captures);

  const std::string& text() const { return text_; }
  bool has_each() const { return !loops_.empty(); }

  /// Appends what it stands for; `values` are parallel to the captures.
  ///   INVALID_ARGUMENT    a capture is used as a date and is none; outside the calendar
  ///   RESOURCE_EXHAUSTED  `out` would outgrow `strings_max`
  Status Expand(std::span<const TemplateValue> values, std::size_t strings_max,
                std::vector<std::string>* out) const;

  static constexpr std::size_t kLoopsMax = 8;
  static constexpr int kShiftMax = 10'000;

 private:
  friend class TemplateParser;

  class Expansion;

  std::string text_;
  std::vector<template_parts::Piece> pieces_;
  std::vector<template_parts::Loop> loops_;
};

}  // namespace fft
