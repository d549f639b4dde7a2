#include "server/store/params.h"

#include <utility>

namespace fft::pg {

Params& Params::Raw(std::uint32_t type, std::string value) {
  types_.push_back(type);
  values_.push_back(std::move(value));
  is_null_.push_back(0);
  return *this;
}

Params& Params::Null(std::uint32_t type) {
  Raw(type, {});
  is_null_.back() = 1;
  return *this;
}

Params& Params::Int64(std::int64_t value) {
  std::string raw;
  AppendInt64(raw, value);
  return Raw(kInt8, std::move(raw));
}

Params& Params::Int32(std::int32_t value) {
  std::string raw;
  AppendInt32(raw, value);
  return Raw(kInt4, std::move(raw));
}

Params& Params::Int16(std::int16_t value) {
  std::string raw;
  AppendInt16(raw, value);
  return Raw(kInt2, std::move(raw));
}

Params& Params::Bool(bool value) { return Raw(kBool, std::string(1, value ? '\1' : '\0')); }

Params& Params::Text(std::string_view value) {
  return Raw(kText, IsCleanText(value) ? std::string(value) : CleanText(value));
}

Params& Params::Bytes(std::string_view value) { return Raw(kBytea, std::string(value)); }

Params& Params::Digest(const fft::Digest& value) {
  return value ? Bytes(value.view()) : Null(kBytea);
}

Params& Params::Time(TimePoint value) {
  if (value == TimePoint{}) return Null(kTimestamptz);
  std::string raw;
  AppendTime(raw, value);
  return Raw(kTimestamptz, std::move(raw));
}

Params& Params::Int64s(const std::vector<std::int64_t>& values) {
  Array array(kInt8);
  for (const std::int64_t value : values) array.Int64(value);
  return Raw(ArrayOf(kInt8), array.Finish());
}

Params& Params::Texts(const std::vector<std::string>& values) {
  Array array(kText);
  for (const std::string& value : values) array.Text(value);
  return Raw(ArrayOf(kText), array.Finish());
}

Params& Params::Digests(const std::vector<fft::Digest>& values) {
  Array array(kBytea);
  for (const fft::Digest& value : values) array.Bytes(value.view());
  return Raw(ArrayOf(kBytea), array.Finish());
}

std::vector<const char*> Params::pointers() const {
  std::vector<const char*> pointers;
  pointers.reserve(values_.size());
  for (std::size_t i = 0; i < values_.size(); ++i)
    pointers.push_back(is_null_[i] != 0 ? nullptr : values_[i].data());
  return pointers;
}

std::vector<int> Params::lengths() const {
  std::vector<int> lengths;
  lengths.reserve(values_.size());
  for (const std::string& value : values_) lengths.push_back(static_cast<int>(value.size()));
  return lengths;
}

void Array::Int64(std::int64_t value) {
  AppendInt32(elements_, 8);
  AppendInt64(elements_, value);
  ++count_;
}

void Array::Int32(std::int32_t value) {
  AppendInt32(elements_, 4);
  AppendInt32(elements_, value);
  ++count_;
}

void Array::Int16(std::int16_t value) {
  AppendInt32(elements_, 2);
  AppendInt16(elements_, value);
  ++count_;
}

void Array::Text(std::string_view value) {
  if (IsCleanText(value))
    Bytes(value);
  else
    Bytes(CleanText(value));
}

void Array::Bytes(std::string_view value) {
  AppendInt32(elements_, static_cast<std::int32_t>(value.size()));
  elements_ += value;
  ++count_;
}

void Array::AppendTo(std::string& out) const {
  AppendArrayHeader(out, count_, false, element_);
  out += elements_;
}

std::string Array::Finish() const {
  std::string raw;
  raw.reserve(size());
  AppendTo(raw);
  return raw;
}

}  // namespace fft::pg
