#include "server/graph/template.h"

#include <utility>

namespace fft {

using template_parts::EachOfList;
using template_parts::EachOfRange;
using template_parts::EachWithin;
using template_parts::Piece;
using template_parts::Term;

/// One expansion: the loops nest in the order in which they are written.
class Template::Expansion {
 public:
  Expansion(const Template& of, std::span<const TemplateValue> captures, std::size_t strings_max,
            std::vector<std::string>* out)
      : template_(of), slots_(captures.begin(), captures.end()), max_(strings_max), out_(out) {
    slots_.resize(captures.size() + of.loops_.size());
    captures_ = captures.size();
  }

  // Recursion is as deep as there are loops: at most kLoopsMax.
  Status From(std::size_t loop) {
    if (loop == template_.loops_.size()) return Write();
    const auto& over = template_.loops_[loop];
    if (const auto* range = std::get_if<EachOfRange>(&over)) return OverRange(*range, loop);
    if (const auto* within = std::get_if<EachWithin>(&over)) return OverPeriod(*within, loop);
    for (const std::string& item : std::get<EachOfList>(over)) {
      slots_[captures_ + loop] = {.text = item, .period = {}, .format = nullptr};
      if (Status done = From(loop + 1); !done.ok()) return done;
    }
    return Ok();
  }

 private:
  // The value of a term.  As a date if it is shifted or must be one.
  StatusOr<TemplateValue> Evaluate(const Term& term, bool must_be_date) const {
    TemplateValue value = term.literal ? *term.literal : slots_[term.slot];
    if (!must_be_date && term.shift == 0) return value;
    if (value.period.grain == Grain::kNone) {
      const auto period = ReadPeriod(value.text, &value.format);
      if (!period)
        return Error(Code::kInvalidArgument, "column {}: {} is '{}', which is not a date",
                     term.column, term.name, value.text);
      value.period = *period;
    }
    if (term.shift == 0) return value;
    const auto shifted = Shift(value.period, term.shift);
    if (!shifted) return OutsideCalendar(term);
    value.period = *shifted;
    value.text.clear();
    value.format->Write(value.period, value.text);
    return value;
  }

  static Status OutsideCalendar(const Term& term) {
    return Error(Code::kInvalidArgument, "column {}: {} leaves the years 1 to 9999", term.column,
                 term.name);
  }

  Status OverRange(const EachOfRange& range, std::size_t loop) {
    const auto first = Evaluate(range.first, true);
    if (!first.ok()) return first.status();
    const auto last = Evaluate(range.last, true);
    if (!last.ok()) return last.status();
    if (first->period.grain != last->period.grain)
      return Error(Code::kInvalidArgument, "column {}: a range from a {} to a {}",
                   range.first.column, ToString(first->period.grain), ToString(last->period.grain));
    return OverPeriods({first->period, last->period}, *first->format, loop);
  }

  Status OverPeriod(const EachWithin& within, std::size_t loop) {
    const auto of = Evaluate(within.of, true);
    if (!of.ok()) return of.status();
    if (of->period.grain < within.grain)
      return Error(Code::kInvalidArgument, "column {}: {} is a {}, which has no {}s",
                   within.of.column, within.of.name, ToString(of->period.grain),
                   ToString(within.grain));
    return OverPeriods(Within(of->period, within.grain), DateFormat::Iso(within.grain), loop);
  }

  Status OverPeriods(PeriodRange range, const DateFormat& format, std::size_t loop) {
    for (Period at = range.first; at.number <= range.last.number; ++at.number) {
      TemplateValue& value = slots_[captures_ + loop];
      value = {.text = {}, .period = at, .format = &format};
      format.Write(at, value.text);
      if (Status done = From(loop + 1); !done.ok()) return done;
    }
    return Ok();
  }

  Status Write() {
    if (out_->size() >= max_) return Error(Code::kResourceExhausted, "more than {} results", max_);
    std::string text;
    for (std::size_t i = 0; i < template_.pieces_.size(); ++i) {
      const Piece& piece = template_.pieces_[i];
      text += piece.literal;
      if (i + 1 == template_.pieces_.size()) break;
      const auto value = Evaluate(piece.term, piece.format.has_value());
      if (!value.ok()) return value.status();
      if (!piece.format) {
        text += value->text;
        continue;
      }
      if (value->period.grain > piece.format->finest())
        return Error(Code::kInvalidArgument, "column {}: {} is a {}, too coarse for {}",
                     piece.term.column, piece.term.name, ToString(value->period.grain),
                     piece.format->text());
      piece.format->Write(value->period, text);
    }
    out_->push_back(std::move(text));
    return Ok();
  }

  const Template& template_;
  std::vector<TemplateValue> slots_;
  std::size_t captures_ = 0;
  std::size_t max_;
  std::vector<std::string>* out_;
};

Status Template::Expand(std::span<const TemplateValue> values, std::size_t strings_max,
                        std::vector<std::string>* out) const {
  return Expansion(*this, values, strings_max, out).From(0);
}

}  // namespace fft
