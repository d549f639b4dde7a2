#include "server/graph/ref_pattern.h"

#include <algorithm>
#include <cctype>

namespace fft {

namespace {

constexpr std::size_t kCapturesMax = 32;

ByteSet Segment() {
  ByteSet set;
  set.set();
  set.reset('/');
  return set;
}

ByteSet Digits() {
  ByteSet set;
  for (char c = '0'; c <= '9'; ++c) set.set(static_cast<unsigned char>(c));
  return set;
}

// The shape alone; whether the date exists is checked on what matched.
void AddDate(const DateFormat& format, Matcher& matcher) {
  std::string shape;
  format.Write({Grain::kDay, 0}, shape);
  for (const char c : shape) {
    if (c >= '0' && c <= '9')
      matcher.AddByte(Digits());
    else
      matcher.AddLiteral({&c, 1});
  }
}

}  // namespace

std::optional<std::size_t> BracedLength(std::string_view text) {
  int depth = 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\')
      ++i;
    else if (text[i] == '{')
      ++depth;
    else if (text[i] == '}' && --depth == 0)
      return i;
  }
  return std::nullopt;
}

bool IsName(std::string_view text) {
  if (text.empty() || text.size() > 64 || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || (static_cast<unsigned char>(c) < 0x80 &&
                        std::isalnum(static_cast<unsigned char>(c)) != 0);
  });
}

StatusOr<RefPattern> RefPattern::Parse(std::string_view text) {
  RefPattern pattern;
  pattern.text_ = text;
  pattern.pieces_.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_doubled = i + 1 < text.size() && text[i + 1] == text[i];
    if (text[i] == '}' && !is_doubled)
      return Error(Code::kInvalidArgument, "column {}: a }} without {{; write }}}} for itself",
                   i + 1);
    if ((text[i] == '{' && is_doubled) || text[i] == '}') {
      pattern.pieces_.back().literal += text[i++];
      continue;
    }
    if (text[i] != '{') {
      pattern.pieces_.back().literal += text[i];
      continue;
    }
    const auto length = BracedLength(text.substr(i + 1));
    if (!length) return Error(Code::kInvalidArgument, "column {}: {{ is never closed", i + 1);
    const Status added = pattern.AddCapture(text.substr(i + 1, *length), i + 1);
    if (!added.ok()) return added;
    i += *length + 1;
  }
  if (Status compiled = pattern.Compile(); !compiled.ok()) return compiled;
  return pattern;
}

Status RefPattern::AddCapture(std::string_view inside, std::size_t column) {
  const std::size_t end = inside.find_first_of("=:");
  const std::string_view name = inside.substr(0, end);
  if (!IsName(name))
    return Error(Code::kInvalidArgument, "column {}: '{}' is no name for a capture", column, name);
  for (const Capture& other : captures_)
    if (other.name == name)
      return Error(Code::kInvalidArgument, "column {}: capture {} stands there twice", column,
                   name);
  if (captures_.size() >= kCapturesMax)
    return Error(Code::kInvalidArgument, "column {}: more than {} captures", column, kCapturesMax);
  Capture capture{std::string(name), std::nullopt};
  if (end != std::string_view::npos && inside[end] == ':') {
    auto format = DateFormat::Parse(inside.substr(end + 1));
    if (!format.ok())
      return Error(Code::kInvalidArgument, "column {}: {}", column, Message(format.status()));
    if (!format->can_read())
      return Error(Code::kInvalidArgument,
                   "column {}: '{}' does not tell a year, a month of a year or a day of a year",
                   column, format->text());
    capture.format = *std::move(format);
  } else if (end != std::string_view::npos) {
    pieces_.back().expression = inside.substr(end + 1);
    if (pieces_.back().expression.empty())
      return Error(Code::kInvalidArgument, "column {}: an empty expression", column);
  }
  captures_.push_back(std::move(capture));
  pieces_.emplace_back();
  return Ok();
}

Status RefPattern::Compile() {
  for (std::size_t i = 0; i < captures_.size(); ++i) {
    const std::string& next = pieces_[i + 1].literal;
    const bool ends_here = (next.empty() && i + 1 == captures_.size()) || next.starts_with('/');
    if (!pieces_[i].expression.empty() || (!captures_[i].format && !ends_here)) is_plain_ = false;
  }
  if (is_plain_) return Ok();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    matcher_.AddLiteral(pieces_[i].literal);
    if (i == captures_.size()) break;
    matcher_.BeginCapture();
    if (captures_[i].format)
      AddDate(*captures_[i].format, matcher_);
    else if (pieces_[i].expression.empty())
      matcher_.AddRun(Segment());
    else if (Status added = matcher_.AddExpression(pieces_[i].expression); !added.ok())
      return Error(Code::kInvalidArgument, "capture {}: {}", captures_[i].name, Message(added));
    matcher_.EndCapture();
  }
  if (matcher_.is_too_large())
    return Error(Code::kInvalidArgument, "the pattern's expressions are too large together");
  return Ok();
}

bool RefPattern::MatchPlain(std::string_view ref, std::vector<std::string_view>* values) const {
  values->clear();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    if (!ref.starts_with(pieces_[i].literal)) return false;
    ref.remove_prefix(pieces_[i].literal.size());
    if (i == captures_.size()) break;
    const std::size_t length =
        captures_[i].format ? captures_[i].format->width() : std::min(ref.find('/'), ref.size());
    if (length == 0 || length > ref.size()) return false;
    values->push_back(ref.substr(0, length));
    ref.remove_prefix(length);
  }
  return ref.empty();
}

bool RefPattern::AreDatesReal(const std::vector<std::string_view>& values) const {
  for (std::size_t i = 0; i < captures_.size(); ++i)
    if (captures_[i].format && !captures_[i].format->Read(values[i])) return false;
  return true;
}

bool RefPattern::Match(std::string_view ref, std::vector<std::string_view>* values) const {
  const bool matches = is_plain_ ? MatchPlain(ref, values) : matcher_.Match(ref, values);
  return matches && AreDatesReal(*values);
}

std::string RefPattern::Shape() const {
  std::string shape;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    for (const char c : pieces_[i].literal) {
      if (c == '{' || c == '}' || c == '\\') shape += '\\';
      shape += c;
    }
    if (i == captures_.size()) break;
    const auto& format = captures_[i].format;
    shape += format ? "{:" + format->text() + "}" : "{=" + pieces_[i].expression + "}";
  }
  return shape;
}

std::string RefPattern::Render(std::span<const std::string_view> values) const {
  std::string ref;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    ref += pieces_[i].literal;
    if (i < captures_.size()) ref += values[i];
  }
  return ref;
}

}  // namespace fft
