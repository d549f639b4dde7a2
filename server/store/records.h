#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/time.h"
#include "server/store/params.h"

namespace fft::pg {

/// The rows of a statement that writes many at once, in binary form.  Either as one parameter: an
/// array of records of a row type, which unnest() makes rows again.  One array a column would be
/// simpler to send, and costs the server eight times as much to unnest.  Or for COPY, which takes
/// half as long, and round trips of its own.
///
/// Next() begins a row; then comes one call for each of its columns, in the order and of exactly
/// the types of the row type.
class Records {
 public:
  void Next();
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return static_cast<std::size_t>(count_); }

  Records& Int64(std::int64_t value);
  Records& Int32(std::int32_t value);
  Records& Int16(std::int16_t value);
  Records& Bool(bool value);
  Records& Text(std::string_view value);  // made clean
  Records& TextOrNull(std::string_view value);
  Records& Bytes(std::string_view value);
  Records& Digest(const fft::Digest& value);  // zeros: NULL
  Records& Time(TimePoint value);             // zero: NULL
  Records& Json(std::string_view value);
  Records& Jsonb(std::string_view value);
  Records& JsonbOrNull(std::string_view value);
  Records& Texts(const std::vector<std::string>& texts);
  Records& List(const Array& array);
  Records& Null(std::uint32_t type);
  template <class E>
  Records& Enum(E value) {
    return Int16(static_cast<std::int16_t>(value));
  }
  template <class Range>
  Records& Ids(const Range& ids) {
    Array array(kInt8);
    for (const auto& id : ids) array.Int64(id.value);
    return List(array);
  }

  /// The array, of records of the type with number `type`.
  std::string Finish(std::uint32_t type);
  /// What COPY reads in its binary format (PostgreSQL 15, COPY, "Binary Format").
  std::string FinishForCopy();

 private:
  Records& Begin(std::uint32_t type, std::size_t bytes);
  void CloseRow();

  std::string rows_;
  std::int32_t count_ = 0;
  std::int32_t columns_ = 0;   // of the row that is being written
  std::size_t row_begin_ = 0;  // its place in rows_
};

}  // namespace fft::pg
