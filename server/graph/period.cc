#include "server/graph/period.h"

#include <array>
#include <chrono>

#include "server/base/check.h"

namespace fft {

namespace {

namespace chr = std::chrono;

constexpr int kYearMax = 9999;

struct Civil {
  int year = 1;
  unsigned month = 1, day = 1;
};

Period DayOf(chr::year_month_day date) {
  return {Grain::kDay, static_cast<std::int32_t>(chr::sys_days(date).time_since_epoch().count())};
}

// The first day of a month or year.
Civil CivilOf(Period period) {
  if (period.grain == Grain::kYear) return {period.number, 1, 1};
  if (period.grain == Grain::kMonth)
    return {period.number / 12, static_cast<unsigned>(period.number % 12) + 1, 1};
  const chr::year_month_day date{chr::sys_days(chr::days(period.number))};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day())};
}

std::int32_t FirstOf(Grain grain) {
  if (grain == Grain::kDay) return DayOf(chr::year(1) / 1 / 1).number;
  return grain == Grain::kMonth ? 12 : 1;
}
std::int32_t LastOf(Grain grain) {
  if (grain == Grain::kDay) return DayOf(chr::year(kYearMax) / 12 / 31).number;
  return grain == Grain::kMonth ? 12 * kYearMax + 11 : kYearMax;
}

void WriteDigits(unsigned number, std::size_t width, std::string& out) {
  out.append(width, '0');
  for (std::size_t i = 0; i < width; ++i, number /= 10)
    out[out.size() - 1 - i] = static_cast<char>('0' + number % 10);
}

unsigned DayOfYear(const Civil& date) {
  const auto day = chr::sys_days(chr::year(date.year) / static_cast<int>(date.month) /
                                 static_cast<int>(date.day));
  const auto first = chr::sys_days(chr::year(date.year) / 1 / 1);
  return static_cast<unsigned>((day - first).count()) + 1;
}

std::size_t WidthOf(char letter) {
  switch (letter) {
    case 'Y': return 4;
    case 'j': return 3;
    case 'm':
    case 'd': return 2;
    default: return 1;
  }
}

// What the digits of a text said; -1: nothing.
struct Fields {
  int year = -1, month = -1, day = -1, day_of_year = -1;
  int& operator[](char letter) {
    return letter == 'Y' ? year : letter == 'm' ? month : letter == 'd' ? day : day_of_year;
  }
};

std::optional<Period> PeriodOf(const Fields& fields) {
  if (fields.year < 1) return std::nullopt;
  const chr::year year(fields.year);
  if (fields.day_of_year >= 0) {
    if (fields.day_of_year < 1 || fields.day_of_year > (year.is_leap() ? 366 : 365)) return {};
    return Period{Grain::kDay, DayOf(year / 1 / 1).number + fields.day_of_year - 1};
  }
  if (fields.month < 0) return Period{Grain::kYear, fields.year};
  if (fields.month < 1 || fields.month > 12) return std::nullopt;
  if (fields.day < 0) return Period{Grain::kMonth, 12 * fields.year + fields.month - 1};
  const chr::year_month_day date = year / fields.month / fields.day;
  if (!date.ok()) return std::nullopt;
  return DayOf(date);
}

std::optional<int> ReadDigits(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

DateFormat MustParse(std::string_view text) {
  auto format = DateFormat::Parse(text);
  FFT_CHECK(format.ok());
  return *std::move(format);
}

}  // namespace

std::string_view ToString(Grain grain) {
  static constexpr std::array<std::string_view, 4> kNames = {"text", "day", "month", "year"};
  return kNames[static_cast<std::size_t>(grain)];
}

StatusOr<DateFormat> DateFormat::Parse(std::string_view text) {
  DateFormat format;
  format.text_ = text;
  int years = 0, months = 0, days = 0, days_of_year = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      ++format.width_;
      continue;
    }
    const char letter = ++i < text.size() ? text[i] : '\0';
    switch (letter) {
      case 'Y': ++years; break;
      case 'm': ++months; break;
      case 'd': ++days; break;
      case 'j': ++days_of_year; break;
      case '%': break;
      default:
        return Error(Code::kInvalidArgument,
                     "date format '{}': only %Y, %m, %d, %j and %% are known", text);
    }
    format.width_ += WidthOf(letter);
  }
  if (years + months + days + days_of_year == 0)
    return Error(Code::kInvalidArgument, "date format '{}' says nothing of the date", text);
  if (days + days_of_year > 0)
    format.finest_ = Grain::kDay;
  else if (months > 0)
    format.finest_ = Grain::kMonth;
  format.can_read_ = years == 1 && ((months == 0 && days == 0 && days_of_year <= 1) ||
                                    (months == 1 && days <= 1 && days_of_year == 0));
  return format;
}

const DateFormat& DateFormat::Iso(Grain grain) {
  static const DateFormat iso_day = MustParse("%Y-%m-%d");
  static const DateFormat iso_month = MustParse("%Y-%m");
  static const DateFormat iso_year = MustParse("%Y");
  return grain == Grain::kDay ? iso_day : grain == Grain::kMonth ? iso_month : iso_year;
}

void DateFormat::Write(Period period, std::string& out) const {
  FFT_CHECK(period.grain != Grain::kNone && period.grain <= finest_);
  const Civil date = CivilOf(period);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] != '%') {
      out += text_[i];
      continue;
    }
    const char letter = text_[++i];
    switch (letter) {
      case 'Y': WriteDigits(static_cast<unsigned>(date.year), 4, out); break;
      case 'm': WriteDigits(date.month, 2, out); break;
      case 'd': WriteDigits(date.day, 2, out); break;
      case 'j': WriteDigits(DayOfYear(date), 3, out); break;
      default: out += '%';
    }
  }
}

std::optional<Period> DateFormat::Read(std::string_view text) const {
  FFT_CHECK(can_read_);
  if (text.size() != width_) return std::nullopt;
  Fields fields;
  std::size_t at = 0;
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] != '%' || text_[++i] == '%') {
      if (text[at++] != text_[i]) return std::nullopt;
      continue;
    }
    const std::size_t width = WidthOf(text_[i]);
    const auto number = ReadDigits(text.substr(at, width));
    if (!number) return std::nullopt;
    fields[text_[i]] = *number;
    at += width;
  }
  return PeriodOf(fields);
}

std::optional<Period> ReadPeriod(std::string_view text, const DateFormat** format) {
  static const DateFormat compact_day = MustParse("%Y%m%d");
  switch (text.size()) {
    case 4: *format = &DateFormat::Iso(Grain::kYear); break;
    case 7: *format = &DateFormat::Iso(Grain::kMonth); break;
    case 8: *format = &compact_day; break;
    case 10: *format = &DateFormat::Iso(Grain::kDay); break;
    default: return std::nullopt;
  }
  return (*format)->Read(text);
}

std::optional<Period> Shift(Period period, std::int64_t count) {
  const std::int64_t number = period.number + count;
  if (number < FirstOf(period.grain) || number > LastOf(period.grain)) return std::nullopt;
  return Period{period.grain, static_cast<std::int32_t>(number)};
}

PeriodRange Within(Period period, Grain grain) {
  FFT_CHECK(grain != Grain::kNone && grain <= period.grain);
  if (grain == period.grain) return {period, period};
  const Civil first = CivilOf(period);
  const std::int32_t month = 12 * first.year + static_cast<int>(first.month) - 1;
  const std::int32_t last_month = period.grain == Grain::kYear ? month + 11 : month;
  if (grain == Grain::kMonth) return {{grain, month}, {grain, last_month}};
  const chr::year_month_day_last last = chr::year(first.year) / (last_month % 12 + 1) / chr::last;
  return {DayOf(chr::year(first.year) / static_cast<int>(first.month) / 1),
          DayOf(chr::year_month_day(chr::sys_days(last)))};
}

}  // namespace fft
