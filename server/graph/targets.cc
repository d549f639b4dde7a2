#include "server/graph/targets.h"

#include <algorithm>
#include <optional>

#include "server/base/error_details.h"
#include "server/graph/glob.h"
#include "server/graph/matcher.h"
#include "server/graph/period.h"
#include "server/graph/text.h"

namespace fft {

namespace {

constexpr std::size_t kRangesMax = 4;
constexpr std::size_t kGlobsMax = 1'000;
constexpr std::size_t kTargetBytesMax = 2'048;

Status Refuse(Code code, const char* reason, const std::string& target, const std::string& what) {
  const std::string quoted = Quote(target);
  return WithDetails(
      Error(code, "target {}: {}", quoted, what),
      {.reason = reason, .metadata = {{"target", target}}, .fields = {{"targets", what}}});
}

Status TooMany(const std::string& target) {
  return Refuse(Code::kResourceExhausted, "TOO_MANY_TARGETS", target,
                fmt::format("the targets are more than {} refs", kTargetRefsMax));
}

bool IsDateByte(char c) { return (c >= '0' && c <= '9') || c == '-'; }

// `2012-01-01..2012-12-31` somewhere in a target.
struct DateRange {
  std::size_t begin = 0, end = 0;  // of its text
  Period first, last;
  const DateFormat* format = nullptr;
};

/// A target cut at its date ranges: literals[i], ranges[i], literals[i+1]...
struct CutTarget {
  std::vector<std::string> literals;
  std::vector<DateRange> ranges;
};

// The range around the `..` at `dots`; none when there are no dates on both its sides.
StatusOr<std::optional<DateRange>> RangeAround(const std::string& target, std::size_t dots) {
  DateRange range{.begin = dots, .end = dots + 2, .first = {}, .last = {}};
  while (range.begin > 0 && IsDateByte(target[range.begin - 1])) --range.begin;
  while (range.end < target.size() && IsDateByte(target[range.end])) ++range.end;
  // In `year-2012-01..2012-03` the hyphen before the date is not the date's.
  while (range.begin < dots && target[range.begin] == '-') ++range.begin;
  const std::string_view left = std::string_view(target).substr(range.begin, dots - range.begin);
  const std::string_view right = std::string_view(target).substr(dots + 2, range.end - dots - 2);
  if (left.empty() || right.empty()) return std::optional<DateRange>();
  const DateFormat* format = nullptr;
  const auto first = ReadPeriod(left, &range.format);
  const auto last = ReadPeriod(right, &format);
  if (!first || !last || format != range.format)
    return Refuse(Code::kInvalidArgument, "BAD_RANGE", target,
                  fmt::format("{}..{} is no range of days, months or years", left, right));
  if (last->number < first->number)
    return Refuse(Code::kInvalidArgument, "BAD_RANGE", target,
                  fmt::format("{}..{} ends before it begins", left, right));
  range.first = *first;
  range.last = *last;
  return std::optional<DateRange>(range);
}

StatusOr<CutTarget> Cut(const std::string& target) {
  if (target.empty() || target.size() > kTargetBytesMax || !IsText(target))
    return Refuse(
        Code::kInvalidArgument, "BAD_REF", target,
        fmt::format("is not 1 to {} bytes of UTF-8 without control characters", kTargetBytesMax));
  CutTarget cut;
  std::size_t copied = 0;
  for (std::size_t dots = target.find(".."); dots != std::string::npos;
       dots = target.find("..", dots + 2)) {
    const auto range = RangeAround(target, dots);
    if (!range.ok()) return range.status();
    if (!*range) continue;
    if (cut.ranges.size() == kRangesMax)
      return Refuse(Code::kInvalidArgument, "BAD_RANGE", target,
                    fmt::format("more than {} ranges", kRangesMax));
    cut.literals.push_back(target.substr(copied, (*range)->begin - copied));
    cut.ranges.push_back(**range);
    copied = (*range)->end;
  }
  cut.literals.push_back(target.substr(copied));
  return cut;
}

std::size_t CountOf(const CutTarget& cut) {
  std::size_t count = 1;
  for (const DateRange& range : cut.ranges) {
    count *= static_cast<std::size_t>(range.last.number - range.first.number) + 1;
    if (count > kTargetRefsMax) return count;
  }
  return count;
}

// Recursion is as deep as there are ranges.
void WriteRefs(const CutTarget& cut, std::size_t at, const std::string& begun,
               std::vector<std::string>* refs) {
  const std::string text = begun + cut.literals[at];
  if (at == cut.ranges.size()) {
    refs->push_back(text);
    return;
  }
  const DateRange& range = cut.ranges[at];
  for (Period period = range.first; period.number <= range.last.number; ++period.number) {
    std::string with_date = text;
    range.format->Write(period, with_date);
    WriteRefs(cut, at + 1, with_date, refs);
  }
}

/// A glob, perhaps with ranges in it, and what it has matched.
class GlobTarget {
 public:
  GlobTarget(const std::string& text, const CutTarget& cut) : text_(&text), cut_(&cut) {
    if (cut.ranges.empty()) return;
    for (std::size_t i = 0; i < cut.literals.size(); ++i) {
      AddGlob(cut.literals[i]);
      if (i == cut.ranges.size()) break;
      matcher_.BeginCapture();
      for (std::size_t n = cut.ranges[i].format->width(); n > 0; --n) matcher_.AddByte(DateBytes());
      matcher_.EndCapture();
    }
  }

  const std::string& text() const { return *text_; }
  bool is_too_large() const { return matcher_.is_too_large(); }
  bool has_matched() const { return has_matched_; }
  void SetMatched() { has_matched_ = true; }

  bool Matches(std::string_view ref) const {
    if (cut_->ranges.empty()) return GlobMatches(*text_, ref);
    if (!ref.starts_with(std::string_view(cut_->literals.front()).substr(0, literal_bytes_)))
      return false;
    std::vector<std::string_view> dates;
    if (!matcher_.Match(ref, &dates)) return false;
    for (std::size_t i = 0; i < dates.size(); ++i) {
      const DateRange& range = cut_->ranges[i];
      const auto period = range.format->Read(dates[i]);
      if (!period || period->number < range.first.number || period->number > range.last.number)
        return false;
    }
    return true;
  }

 private:
  static ByteSet DateBytes() {
    ByteSet set;
    for (int byte = 0; byte < 256; ++byte)
      if (IsDateByte(static_cast<char>(byte))) set.set(static_cast<std::size_t>(byte));
    return set;
  }

  void AddGlob(const std::string& literal) {
    if (&literal == &cut_->literals.front())
      literal_bytes_ = std::min(literal.find_first_of("*?"), literal.size());
    for (const char c : literal) {
      if (c == '*')
        (void)matcher_.AddExpression(".*");
      else if (c == '?')
        (void)matcher_.AddExpression(".");
      else
        matcher_.AddLiteral({&c, 1});
    }
  }

  const std::string* text_;
  const CutTarget* cut_;
  Matcher matcher_;
  std::size_t literal_bytes_ = 0;
  bool has_matched_ = false;
};

// Matches every ref once against all globs.
Status MatchGlobs(const CompiledGraph& graph, const KnownRefs& known_refs,
                  std::vector<GlobTarget>& globs, std::vector<std::string>* refs) {
  bool is_over = false;
  const auto visit = [&](std::string_view ref, bool is_surely_made) {
    bool is_added = false;
    for (GlobTarget& glob : globs) {
      if (is_over || !glob.Matches(ref)) continue;
      if (!is_surely_made && graph.Lookup(ref).status().code() == Code::kNotFound) return;
      glob.SetMatched();
      if (!is_added) refs->emplace_back(ref);
      is_added = true;
      is_over = refs->size() > 2 * kTargetRefsMax;
    }
  };
  for (const SourceSpec& source : graph.spec().sources) visit(source.ref, true);
  if (known_refs) known_refs([&](std::string_view ref) { visit(ref, false); });
  if (is_over) return TooMany(globs.front().text());
  for (const GlobTarget& glob : globs)
    if (!glob.has_matched())
      return Refuse(Code::kInvalidArgument, "NO_MATCH", glob.text(),
                    "matches no source and nothing that was ever built");
  return Ok();
}

}  // namespace

StatusOr<std::vector<std::string>> ExpandTargets(const CompiledGraph& graph,
                                                 const std::vector<std::string>& targets,
                                                 const KnownRefs& known_refs) {
  if (targets.size() > kTargetRefsMax) return TooMany(targets.back());
  std::vector<std::string> refs;
  std::vector<CutTarget> cuts(targets.size());
  std::vector<GlobTarget> globs;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::string& target = targets[i];
    auto cut = Cut(target);
    if (!cut.ok()) return cut.status();
    cuts[i] = *std::move(cut);
    if (IsGlob(target)) {
      globs.emplace_back(target, cuts[i]);
      if (globs.back().is_too_large() || globs.size() > kGlobsMax)
        return Refuse(Code::kInvalidArgument, "BAD_REF", target, "too long a glob, or too many");
    } else if (refs.size() + CountOf(cuts[i]) > 2 * kTargetRefsMax) {
      return TooMany(target);
    } else {
      WriteRefs(cuts[i], 0, "", &refs);
    }
  }
  for (const std::string& ref : refs)
    if (const Status good = CheckRef(ref); !good.ok()) {
      ErrorDetails details = DetailsOf(good);
      details.fields.front().first = "targets";
      details.metadata = {{"target", ref}};
      return WithDetails(good, details);
    }
  if (!globs.empty())
    if (Status matched = MatchGlobs(graph, known_refs, globs, &refs); !matched.ok()) return matched;
  std::sort(refs.begin(), refs.end());
  refs.erase(std::unique(refs.begin(), refs.end()), refs.end());
  if (refs.size() > kTargetRefsMax) return TooMany(targets.back());
  return refs;
}

}  // namespace fft
