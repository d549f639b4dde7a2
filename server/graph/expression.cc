#include <optional>
#include <string>

#include "server/graph/matcher.h"

namespace fft {

namespace {

constexpr int kDepthMax = 50;
constexpr unsigned kRepeatMax = 1'000;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void AddRange(ByteSet& set, unsigned char first, unsigned char last) {
  for (unsigned byte = first; byte <= last; ++byte) set.set(byte);
}

// The classes `\d \w \s`, or a character that is escaped to mean itself.
std::optional<ByteSet> EscapedSet(char c) {
  ByteSet set;
  switch (c) {
    case 'd': AddRange(set, '0', '9'); return set;
    case 'w':
      AddRange(set, '0', '9');
      AddRange(set, 'a', 'z');
      AddRange(set, 'A', 'Z');
      set.set('_');
      return set;
    case 's': set.set(' '); return set;  // the only space that a ref may hold
    default: break;
  }
  if (std::string_view("\\.[](){}*+?|^$/-").find(c) == std::string_view::npos) return std::nullopt;
  set.set(static_cast<unsigned char>(c));
  return set;
}

}  // namespace

/// Recursive descent over an expression; emits as it goes.  Characters outside ASCII count as one
/// where a class is negated and for `.`.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, Matcher& out) : text_(text), out_(out) {}

  Status Parse() {
    Alternatives(0);
    if (problem_.empty() && at_ < text_.size()) Fail("unmatched )");
    if (problem_.empty()) return Ok();
    return Error(Code::kInvalidArgument, "expression '{}' at {}: {}", text_, problem_at_ + 1,
                 problem_);
  }

 private:
  using Op = Matcher::Op;

  void Fail(std::string what) {
    if (!problem_.empty()) return;
    problem_ = std::move(what);
    problem_at_ = at_;
  }
  bool done() const { return !problem_.empty() || at_ >= text_.size() || out_.is_too_large(); }
  bool Eat(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  void Alternatives(int depth) {
    if (depth > kDepthMax) return Fail("nested too deep");
    std::vector<std::uint32_t> jumps;
    std::uint32_t split = BeforeHere([&] { Sequence(depth); });
    while (!done() && Eat('|')) {
      jumps.push_back(out_.Emit({.op = Op::kJump}));
      if (out_.is_too_large()) return;
      out_.program_[split].y = out_.here();
      split = BeforeHere([&] { Sequence(depth); });
    }
    if (out_.is_too_large()) return;
    // The last alternative needs no choice: both its ways are the same.
    out_.program_[split].y = out_.program_[split].x;
    for (const std::uint32_t jump : jumps) out_.program_[jump].x = out_.here();
  }

  // Emits a split whose preferred way is what `emit` adds; the caller sets the other.
  template <class Body>
  std::uint32_t BeforeHere(const Body& emit) {
    const std::uint32_t split = out_.Emit({.op = Op::kSplit, .x = out_.here() + 1});
    emit();
    return split;
  }

  void Sequence(int depth) {
    while (!done() && text_[at_] != '|' && text_[at_] != ')') Repeated(depth);
  }

  struct Bounds {
    unsigned least = 1, most = 1;
    bool is_endless = false;
  };

  void Repeated(int depth) {
    const std::uint32_t begin = out_.here();
    Atom(depth);
    if (!problem_.empty() || out_.is_too_large()) return;
    const Bounds bounds = ReadBounds();
    if (!problem_.empty()) return;
    const Fragment atom = Cut(begin);
    for (unsigned i = 0; i < bounds.least && !out_.is_too_large(); ++i) Paste(atom);
    if (bounds.is_endless) {
      const std::uint32_t split = BeforeHere([&] { Paste(atom); });
      out_.Emit({.op = Op::kJump, .x = split});
      if (!out_.is_too_large()) out_.program_[split].y = out_.here();
      return;
    }
    std::vector<std::uint32_t> splits;
    for (unsigned i = bounds.least; i < bounds.most && !out_.is_too_large(); ++i)
      splits.push_back(BeforeHere([&] { Paste(atom); }));
    if (out_.is_too_large()) return;
    for (const std::uint32_t split : splits) out_.program_[split].y = out_.here();
  }

  // Code with targets relative to its beginning, so that it can be repeated.
  using Fragment = std::vector<Matcher::Instruction>;

  Fragment Cut(std::uint32_t begin) {
    Fragment code(out_.program_.begin() + begin, out_.program_.end());
    out_.program_.resize(begin);
    for (Matcher::Instruction& instruction : code) Move(instruction, 0U - begin);
    return code;
  }

  void Paste(const Fragment& code) {
    const std::uint32_t begin = out_.here();
    for (Matcher::Instruction instruction : code) {
      Move(instruction, begin);
      out_.Emit(instruction);
    }
  }

  static void Move(Matcher::Instruction& instruction, std::uint32_t by) {
    if (instruction.op != Op::kJump && instruction.op != Op::kSplit) return;
    instruction.x += by;
    instruction.y += by;
  }

  Bounds ReadBounds() {
    Bounds bounds;
    if (Eat('*'))
      bounds = {0, 0, true};
    else if (Eat('+'))
      bounds = {1, 1, true};
    else if (Eat('?'))
      bounds = {0, 1, false};
    else if (Eat('{'))
      bounds = ReadBraces();
    else
      return bounds;
    if (at_ < text_.size() && std::string_view("*+?{").find(text_[at_]) != std::string_view::npos)
      Fail("a repeat cannot follow a repeat");
    return bounds;
  }

  Bounds ReadBraces() {
    Bounds bounds;
    bounds.least = bounds.most = ReadNumber();
    if (Eat(',')) {
      if (at_ < text_.size() && text_[at_] == '}')
        bounds.is_endless = true;
      else
        bounds.most = ReadNumber();
    }
    if (!Eat('}')) Fail("a repeat is {n}, {n,} or {n,m}");
    if (bounds.most < bounds.least) Fail("a repeat that ends before it begins");
    return bounds;
  }

  unsigned ReadNumber() {
    if (at_ >= text_.size() || !IsDigit(text_[at_])) Fail("a repeat is {n}, {n,} or {n,m}");
    unsigned number = 0;
    while (at_ < text_.size() && IsDigit(text_[at_]) && number <= kRepeatMax)
      number = number * 10 + static_cast<unsigned>(text_[at_++] - '0');
    if (number > kRepeatMax) Fail("at most 1000 repeats");
    return number;
  }

  void Atom(int depth) {
    const char c = text_[at_++];
    switch (c) {
      case '(': return Group(depth);
      case '[': return Class();
      case '.': {
        ByteSet ascii;
        AddRange(ascii, 0, 0x7F);
        return AddWithNonAscii(ascii);
      }
      case '\\': return Escape();
      case '*':
      case '+':
      case '?':
      case '{': --at_; return Fail("nothing to repeat");
      case '^':
      case '$': --at_; return Fail("anchors are not supported: expressions match whole captures");
      default: return out_.AddLiteral(text_.substr(at_ - 1, CharacterEnd() - (at_ - 1)));
    }
  }

  // The end of the character whose first byte was just read; moves there.
  std::size_t CharacterEnd() {
    while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xC0) == 0x80) ++at_;
    return at_;
  }

  void Group(int depth) {
    if (Eat('?') && !Eat(':')) return Fail("of the (?...) only (?:...) is supported");
    Alternatives(depth + 1);
    if (problem_.empty() && !out_.is_too_large() && !Eat(')')) Fail("unmatched (");
  }

  void Escape() {
    if (at_ >= text_.size()) return Fail("ends with \\");
    const auto set = EscapedSet(text_[at_]);
    if (!set) return Fail("unknown escape");
    ++at_;
    out_.AddByte(*set);
  }

  void Class() {
    const bool is_negated = Eat('^');
    ByteSet set;
    if (at_ < text_.size() && text_[at_] == ']') return Fail("an empty class");
    while (problem_.empty() && at_ < text_.size() && text_[at_] != ']') ClassItem(set);
    if (problem_.empty() && !Eat(']')) return Fail("unmatched [");
    if (!is_negated) return out_.AddByte(set);
    ByteSet ascii;
    AddRange(ascii, 0, 0x7F);
    AddWithNonAscii(ascii & ~set);
  }

  // A byte of a class, or a class within it, for which -1 is returned.
  int ClassByte(ByteSet& set) {
    const char c = text_[at_];
    if (static_cast<unsigned char>(c) >= 0x80) return Fail("only ASCII in a class"), -1;
    ++at_;
    if (c != '\\') return static_cast<unsigned char>(c);
    if (at_ >= text_.size()) return Fail("ends with \\"), -1;
    const auto escaped = EscapedSet(text_[at_]);
    if (!escaped) return Fail("unknown escape"), -1;
    ++at_;
    if (escaped->count() == 1 && text_[at_ - 1] != 's')
      return static_cast<unsigned char>(text_[at_ - 1]);
    set |= *escaped;
    return -1;
  }

  void ClassItem(ByteSet& set) {
    const int first = ClassByte(set);
    if (first < 0) return;
    const bool is_range = at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']';
    if (!is_range) {
      set.set(static_cast<std::size_t>(first));
      return;
    }
    ++at_;
    const int last = ClassByte(set);
    if (last < first) return Fail("a range that ends before it begins");
    AddRange(set, static_cast<unsigned char>(first), static_cast<unsigned char>(last));
  }

  // One byte of `ascii`, or one character of two to four bytes (RFC 3629).
  void AddWithNonAscii(const ByteSet& ascii) {
    ByteSet tail, two, three, four;
    AddRange(tail, 0x80, 0xBF);
    AddRange(two, 0xC2, 0xDF);
    AddRange(three, 0xE0, 0xEF);
    AddRange(four, 0xF0, 0xF4);
    std::vector<std::uint32_t> jumps;
    const std::pair<ByteSet, int> forms[] = {{ascii, 0}, {two, 1}, {three, 2}, {four, 3}};
    for (const auto& [head, tails] : forms) {
      const std::uint32_t split = out_.Emit({.op = Op::kSplit, .x = out_.here() + 1});
      out_.AddByte(head);
      for (int i = 0; i < tails; ++i) out_.AddByte(tail);
      jumps.push_back(out_.Emit({.op = Op::kJump}));
      if (out_.is_too_large()) return;
      out_.program_[split].y = tails == 3 ? split + 1 : out_.here();
    }
    for (const std::uint32_t jump : jumps) out_.program_[jump].x = out_.here();
  }

  std::string_view text_;
  Matcher& out_;
  std::size_t at_ = 0;
  std::string problem_;
  std::size_t problem_at_ = 0;
};

Status Matcher::AddExpression(std::string_view expression) {
  return ExpressionParser(expression, *this).Parse();
}

}  // namespace fft
