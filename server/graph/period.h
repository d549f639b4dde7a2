#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// How much of the calendar a period covers.
enum class Grain : std::uint8_t { kNone = 0, kDay = 1, kMonth = 2, kYear = 3 };
std::string_view ToString(Grain grain);

/// A day, month or year of the proleptic Gregorian calendar, of years 1 to 9999.
struct Period {
  Grain grain = Grain::kNone;
  /// Day: days since 1970-01-01.  Month: 12 * year + month - 1.  Year: the year.
  std::int32_t number = 0;
  bool operator==(const Period&) const = default;
};

/// A format of `%Y` (four digits), `%m` `%d` (two), `%j` (day of the year, three), `%%` and literal
/// text.
class DateFormat {
 public:
  /// INVALID_ARGUMENT for an unknown `%`, or a format without any.
  static StatusOr<DateFormat> Parse(std::string_view text);
  /// `%Y-%m-%d`, `%Y-%m` or `%Y`.
  static const DateFormat& Iso(Grain grain);

  /// The coarsest grain whose periods this format can write: kDay when it says `%d` or `%j`.
  Grain finest() const { return finest_; }
  /// Whether the text tells the period: the year, and all down to the finest, each once.
  bool can_read() const { return can_read_; }
  /// Bytes of every text it writes.
  std::size_t width() const { return width_; }
  const std::string& text() const { return text_; }

  /// Appends `period`, whose grain must be fine enough.
  void Write(Period period, std::string& out) const;
  /// Strict: all digits there, and a date that exists.  Only if can_read().
  std::optional<Period> Read(std::string_view text) const;

 private:
  std::string text_;
  Grain finest_ = Grain::kYear;
  bool can_read_ = false;
  std::size_t width_ = 0;
};

/// Reads `YYYY-MM-DD`, `YYYYMMDD`, `YYYY-MM` or `YYYY`, and says which format it was.
std::optional<Period> ReadPeriod(std::string_view text, const DateFormat** format);

/// `count` periods of the same grain later; none outside the calendar.
std::optional<Period> Shift(Period period, std::int64_t count);

/// The first and last period of a finer or equal grain in `period`.
struct PeriodRange {
  Period first, last;
};
PeriodRange Within(Period period, Grain grain);

}  // namespace fft
