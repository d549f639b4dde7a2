#include "server/store/records.h"

#include <algorithm>
#include <string_view>

#include "server/store/binary.h"

namespace fft::pg {

namespace {

/// Overwrites the four bytes at `place`.
void PatchInt32(std::string& bytes, std::size_t place, std::size_t value) {
  std::string raw;
  AppendInt32(raw, static_cast<std::int32_t>(value));
  bytes.replace(place, raw.size(), raw);
}

constexpr char kJsonbVersion = '\1';

}  // namespace

void Records::Next() {
  CloseRow();
  ++count_;
  row_begin_ = rows_.size();
  AppendInt64(rows_, 0);  // length and columns of the row: patched when it ends
}

void Records::CloseRow() {
  if (count_ == 0) return;
  PatchInt32(rows_, row_begin_, rows_.size() - row_begin_ - 4);
  PatchInt32(rows_, row_begin_ + 4, static_cast<std::size_t>(columns_));
  columns_ = 0;
}

Records& Records::Begin(std::uint32_t type, std::size_t bytes) {
  ++columns_;
  AppendInt32(rows_, static_cast<std::int32_t>(type));
  AppendInt32(rows_, static_cast<std::int32_t>(bytes));
  return *this;
}

Records& Records::Null(std::uint32_t type) { return Begin(type, static_cast<std::size_t>(-1)); }

Records& Records::Int64(std::int64_t value) {
  Begin(kInt8, 8);
  AppendInt64(rows_, value);
  return *this;
}

Records& Records::Int32(std::int32_t value) {
  Begin(kInt4, 4);
  AppendInt32(rows_, value);
  return *this;
}

Records& Records::Int16(std::int16_t value) {
  Begin(kInt2, 2);
  AppendInt16(rows_, value);
  return *this;
}

Records& Records::Bool(bool value) {
  Begin(kBool, 1);
  rows_ += value ? '\1' : '\0';
  return *this;
}

Records& Records::Text(std::string_view value) {
  if (!IsCleanText(value)) return Text(CleanText(value));
  Begin(kText, value.size());
  rows_ += value;
  return *this;
}

Records& Records::TextOrNull(std::string_view value) {
  return value.empty() ? Null(kText) : Text(value);
}

Records& Records::Bytes(std::string_view value) {
  Begin(kBytea, value.size());
  rows_ += value;
  return *this;
}

Records& Records::Digest(const fft::Digest& value) {
  return value ? Bytes(value.view()) : Null(kBytea);
}

Records& Records::Time(TimePoint value) {
  if (value == TimePoint{}) return Null(kTimestamptz);
  Begin(kTimestamptz, 8);
  AppendTime(rows_, value);
  return *this;
}

Records& Records::Json(std::string_view value) {
  if (!IsCleanText(value)) return Json(CleanText(value));
  Begin(kJson, value.size());
  rows_ += value;
  return *this;
}

Records& Records::Jsonb(std::string_view value) {
  if (!IsCleanText(value)) return Jsonb(CleanText(value));
  Begin(kJsonb, value.size() + 1);
  rows_ += kJsonbVersion;
  rows_ += value;
  return *this;
}

Records& Records::JsonbOrNull(std::string_view value) {
  return value.empty() ? Null(kJsonb) : Jsonb(value);
}

Records& Records::Texts(const std::vector<std::string>& texts) {
  Array array(kText);
  for (const std::string& text : texts) array.Text(text);
  return List(array);
}

Records& Records::List(const Array& array) {
  Begin(ArrayOf(array.element()), array.size());
  array.AppendTo(rows_);
  return *this;
}

std::string Records::FinishForCopy() {
  using namespace std::string_view_literals;
  CloseRow();
  std::string copy;
  copy.reserve(rows_.size());
  copy += "PGCOPY\n\377\r\n\0"sv;
  AppendInt64(copy, 0);  // flags, and the length of an extension that nobody uses yet
  for (std::size_t at = 0; at < rows_.size();) {
    const std::int32_t columns = ReadInt32(rows_.data() + at + 4);
    at += 8;
    AppendInt16(copy, static_cast<std::int16_t>(columns));
    for (std::int32_t i = 0; i < columns; ++i) {
      at += 4;  // the type, which the table knows
      const std::int32_t length = ReadInt32(rows_.data() + at);
      const std::size_t size = 4 + static_cast<std::size_t>(std::max(length, 0));
      copy.append(rows_, at, size);
      at += size;
    }
  }
  AppendInt16(copy, -1);
  *this = {};
  return copy;
}

std::string Records::Finish(std::uint32_t type) {
  CloseRow();
  std::string array;
  array.reserve(rows_.size() + 20);
  AppendArrayHeader(array, count_, false, type);
  array += rows_;
  *this = {};
  return array;
}

}  // namespace fft::pg
