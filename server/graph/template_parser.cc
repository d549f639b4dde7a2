#include <algorithm>
#include <charconv>
#include <utility>

#include "server/graph/template.h"

namespace fft {

using template_parts::EachOfList;
using template_parts::EachOfRange;
using template_parts::EachWithin;
using template_parts::Loop;
using template_parts::Piece;
using template_parts::Term;

namespace {

bool IsNameByte(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Where ` each(NAME in ` begins for the first time; npos: there is none.
std::size_t FindLoops(std::string_view text) {
  constexpr std::string_view kEach = " each(";
  for (std::size_t at = text.find(kEach); at != std::string_view::npos;
       at = text.find(kEach, at + 1)) {
    const std::string_view rest = text.substr(at + kEach.size());
    const std::size_t space = rest.find(' ');
    if (space != std::string_view::npos && IsName(rest.substr(0, space)) &&
        Trim(rest.substr(space)).starts_with("in "))
      return at;
  }
  return std::string_view::npos;
}

}  // namespace

/// Parses one template.  Columns count bytes from 1.
class TemplateParser {
 public:
  TemplateParser(std::string_view text, const std::vector<Capture>& captures) : text_(text) {
    for (const Capture& capture : captures)
      names_.push_back({capture.name, capture.format ? capture.format->finest() : Grain::kNone});
    out_.text_ = text;
  }

  StatusOr<Template> Parse() {
    const std::size_t loops = FindLoops(text_);
    if (loops != std::string_view::npos) ParseLoops(loops);
    if (status_.ok()) ParseText(text_.substr(0, loops));
    if (!status_.ok()) return status_;
    return std::move(out_);
  }

 private:
  // A name in scope with its grain, when that is known before any value is.
  struct Name {
    std::string name;
    Grain grain = Grain::kNone;
  };

  template <class... Args>
  void Fail(std::size_t at, fmt::format_string<Args...> what, Args&&... args) {
    if (status_.ok())
      status_ = Error(Code::kInvalidArgument, "column {}: {}", at + 1,
                      fmt::format(what, std::forward<Args>(args)...));
  }

  void ParseText(std::string_view text) {
    out_.pieces_.emplace_back();
    for (std::size_t i = 0; i < text.size() && status_.ok(); ++i) {
      const bool is_doubled = i + 1 < text.size() && text[i + 1] == text[i];
      if (text[i] == '}' && !is_doubled) return Fail(i, "a }} without {{; write }}}} for itself");
      if (text[i] != '{' && text[i] != '}') {
        out_.pieces_.back().literal += text[i];
        continue;
      }
      if (is_doubled) {
        out_.pieces_.back().literal += text[i++];
        continue;
      }
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos) return Fail(i, "{{ is never closed");
      ParseHole(text.substr(i + 1, end - i - 1), i + 1);
      i = end;
    }
  }

  void ParseHole(std::string_view inside, std::size_t at) {
    Piece& piece = out_.pieces_.back();
    const std::size_t colon = inside.find(':');
    const Grain grain = ParseTerm(inside.substr(0, colon), at, &piece.term);
    if (piece.term.literal) Fail(at, "a date as written needs no braces");
    if (colon != std::string_view::npos && status_.ok()) {
      auto format = DateFormat::Parse(inside.substr(colon + 1));
      if (!format.ok()) return Fail(at + colon + 1, "{}", Message(format.status()));
      if (grain > format->finest())
        Fail(at, "{} is a {}, too coarse for {}", piece.term.name, ToString(grain), format->text());
      piece.format = *std::move(format);
    }
    out_.pieces_.emplace_back();
  }

  // `name`, `name-6`, `name+1` or a date as written.  Returns the grain as far as it is known.
  Grain ParseTerm(std::string_view text, std::size_t at, Term* term) {
    term->column = at + 1;
    if (!text.empty() && text[0] >= '0' && text[0] <= '9') return ParseLiteral(text, at, term);
    const auto* const end = std::find_if_not(text.begin(), text.end(), IsNameByte);
    const std::string_view name = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    const auto known = std::find_if(names_.rbegin(), names_.rend(),
                                    [&](const Name& other) { return other.name == name; });
    if (!IsName(name)) return Fail(at, "'{}' is neither a name nor a date", text), Grain::kNone;
    if (known == names_.rend())
      return Fail(at, "unknown capture {}; known: {}", name, KnownNames()), Grain::kNone;
    term->name = name;
    term->slot = static_cast<std::uint32_t>(names_.rend() - known - 1);
    ParseShift(text.substr(name.size()), at + name.size(), term);
    return known->grain;
  }

  void ParseShift(std::string_view text, std::size_t at, Term* term) {
    if (text.empty()) return;
    const char* const begin = text.data() + 1;
    const char* const end = text.data() + text.size();
    int count = 0;
    const auto [stop, error] = std::from_chars(begin, end, count);
    if ((text[0] != '-' && text[0] != '+') || error == std::errc::invalid_argument || stop != end ||
        begin[0] == '-')
      return Fail(at, "'{}' is neither -N nor +N", text);
    if (error != std::errc() || count > Template::kShiftMax)
      return Fail(at, "{} shifts by more than {}", text, Template::kShiftMax);
    term->shift = text[0] == '-' ? -count : count;
    term->name += text;
  }

  Grain ParseLiteral(std::string_view text, std::size_t at, Term* term) {
    TemplateValue value{.text = std::string(text), .period = {}, .format = nullptr};
    const auto period = ReadPeriod(text, &value.format);
    if (!period) return Fail(at, "'{}' is not a date", text), Grain::kNone;
    value.period = *period;
    term->name = text;
    term->literal = std::move(value);
    return period->grain;
  }

  std::string KnownNames() const {
    std::string known;
    for (const Name& name : names_) known += (known.empty() ? "" : ", ") + name.name;
    return known.empty() ? "none" : known;
  }

  void ParseLoops(std::size_t at) {
    constexpr std::string_view kEach = "each(";
    while (status_.ok()) {
      while (at < text_.size() && text_[at] == ' ') ++at;
      if (at == text_.size()) return;
      if (!text_.substr(at).starts_with(kEach))
        return Fail(at, "after each(...) nothing but another each(...) may stand");
      const std::size_t begin = at + kEach.size();
      at = ClosingBracket(begin);
      if (at == std::string_view::npos) return Fail(begin - 1, "( is never closed");
      if (out_.loops_.size() == Template::kLoopsMax)
        return Fail(begin, "more than {} each(...)", Template::kLoopsMax);
      ParseLoop(text_.substr(begin, at - begin), begin);
      ++at;
    }
  }

  std::size_t ClosingBracket(std::size_t at) const {
    int depth = 1;
    for (; at < text_.size(); ++at) {
      if (text_[at] == '(') ++depth;
      if (text_[at] == ')' && --depth == 0) return at;
    }
    return std::string_view::npos;
  }

  void ParseLoop(std::string_view inside, std::size_t at) {
    const std::size_t in = inside.find(" in ");
    if (in == std::string_view::npos) return Fail(at, "each(NAME in ...) is meant");
    const std::string_view name = Trim(inside.substr(0, in));
    if (!IsName(name)) return Fail(at, "'{}' is no name", name);
    for (const Name& other : names_)
      if (other.name == name) return Fail(at, "{} is a capture or variable already", name);
    const std::string_view untrimmed = inside.substr(in + 4);
    const std::string_view over = Trim(untrimmed);
    const std::size_t over_at = at + in + 4 + untrimmed.find_first_not_of(' ');
    Grain grain = Grain::kNone;
    Loop loop;
    if (over.ends_with(')') && over.starts_with("days("))
      grain = ParseWithin(over.substr(5, over.size() - 6), over_at + 5, Grain::kDay, &loop);
    else if (over.ends_with(')') && over.starts_with("months("))
      grain = ParseWithin(over.substr(7, over.size() - 8), over_at + 7, Grain::kMonth, &loop);
    else if (over.find("..") != std::string_view::npos)
      grain = ParseRange(over, over_at, &loop);
    else
      ParseList(over, over_at, &loop);
    out_.loops_.push_back(std::move(loop));
    names_.push_back({std::string(name), grain});
  }

  Grain ParseWithin(std::string_view inside, std::size_t at, Grain grain, Loop* loop) {
    EachWithin within{.of = {}, .grain = grain};
    const Grain of = ParseTerm(inside, at, &within.of);
    if (of != Grain::kNone && of < grain)
      Fail(at, "{} is a {}, which has no {}s", inside, ToString(of), ToString(grain));
    *loop = std::move(within);
    return grain;
  }

  Grain ParseRange(std::string_view text, std::size_t at, Loop* loop) {
    const std::size_t dots = text.find("..");
    EachOfRange range;
    const Grain first = ParseTerm(text.substr(0, dots), at, &range.first);
    const Grain last = ParseTerm(text.substr(dots + 2), at + dots + 2, &range.last);
    if (first != Grain::kNone && last != Grain::kNone && first != last)
      Fail(at, "a range from a {} to a {}", ToString(first), ToString(last));
    *loop = std::move(range);
    return first != Grain::kNone ? first : last;
  }

  void ParseList(std::string_view text, std::size_t at, Loop* loop) {
    EachOfList items;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      const std::string_view item = Trim(text.substr(begin, end - begin));
      if (item.empty()) return Fail(at + begin, "an empty item");
      if (item.find_first_of("{}()") != std::string_view::npos)
        return Fail(at + begin, "'{}' is no item of a list: write each(x in a,b,c)", item);
      items.emplace_back(item);
      begin = end + 1;
    }
    *loop = std::move(items);
  }

  std::string_view text_;
  std::vector<Name> names_;  // in the order of slots
  Template out_;
  Status status_;
};

StatusOr<Template> Template::Parse(std::string_view text, const std::vector<Capture>& captures) {
  return TemplateParser(text, captures).Parse();
}

}  // namespace fft
