#include "server/store/row.h"

#include "server/base/check.h"
#include "server/store/binary.h"

namespace fft::pg {

const Row::Field& Row::Next() {
  FFT_CHECK(at_ < fields_.size());
  return fields_[at_++];
}

bool Row::IsNull() const {
  FFT_CHECK(at_ < fields_.size());
  return fields_[at_].data == nullptr;
}

std::int64_t Row::Int64() {
  const Field& field = Next();
  if (field.data == nullptr) return 0;
  FFT_CHECK(field.length == 8);
  return ReadInt64(field.data);
}

std::int32_t Row::Int32() {
  const Field& field = Next();
  if (field.data == nullptr) return 0;
  FFT_CHECK(field.length == 4);
  return ReadInt32(field.data);
}

std::int16_t Row::Int16() {
  const Field& field = Next();
  if (field.data == nullptr) return 0;
  FFT_CHECK(field.length == 2);
  return ReadInt16(field.data);
}

bool Row::Bool() {
  const Field& field = Next();
  FFT_CHECK(field.data == nullptr || field.length == 1);
  return field.data != nullptr && *field.data != 0;
}

std::string_view Row::View() {
  const Field& field = Next();
  if (field.data == nullptr) return {};
  return {field.data, static_cast<std::size_t>(field.length)};
}

fft::Digest Row::Digest() {
  const std::string_view raw = View();
  if (raw.empty()) return {};
  const auto digest = DigestFromBytes(raw);
  FFT_CHECK(digest.has_value());
  return *digest;
}

TimePoint Row::Time() {
  const Field& field = Next();
  if (field.data == nullptr) return {};
  FFT_CHECK(field.length == 8);
  return ReadTime(field.data);
}

std::vector<std::string> Row::Texts() {
  std::vector<std::string> texts;
  ForEach([&](const char* data, int length) {
    texts.emplace_back(data, static_cast<std::size_t>(length));
  });
  return texts;
}

std::vector<std::int64_t> Row::Int64s() { return Ints<std::int64_t>(); }

std::int64_t Row::WideInt(const char* data, int length) {
  switch (length) {
    case 0: return 0;  // NULL
    case 2: return ReadInt16(data);
    case 4: return ReadInt32(data);
    default: FFT_CHECK(length == 8); return ReadInt64(data);
  }
}

std::int32_t Row::ArrayBegin(const Field& field, const char** at) {
  if (field.data == nullptr || ReadInt32(field.data) == 0) return 0;
  FFT_CHECK(ReadInt32(field.data) == 1 && field.length >= 20);
  *at =
      field.data + 20;  // dimensions, whether it has NULLs, element type, length, lowest subscript
  return ReadInt32(field.data + 12);
}

int Row::ElementLength(const char** at) {
  const std::int32_t length = ReadInt32(*at);
  *at += 4;
  return length < 0 ? 0 : length;
}

}  // namespace fft::pg
