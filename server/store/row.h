#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/time.h"

namespace fft::pg {

/// One row in PostgreSQL's binary form, read field by field in the order of the select list.
/// A view: valid while the result or the copied line is.  NULL reads as zero, empty or none.
class Row {
 public:
  struct Field {
    const char* data = nullptr;  // nullptr: NULL
    int length = 0;
  };

  /// For the next row: the storage is used again.
  std::vector<Field>& Reset() {
    at_ = 0;
    fields_.clear();
    return fields_;
  }

  std::int64_t Int64();
  std::int32_t Int32();
  std::int16_t Int16();
  bool Bool();
  std::string_view View();
  std::string Text() { return std::string(View()); }
  fft::Digest Digest();
  TimePoint Time();
  std::vector<std::string> Texts();
  std::vector<std::int64_t> Int64s();
  bool IsNull() const;  // the next field
  void Skip() { Next(); }

  template <class Id>
  Id As() {
    return Id{Int64()};
  }
  template <class E>
  E Enum() {
    return static_cast<E>(Int16());
  }
  template <class Id>
  std::vector<Id> Ids() {
    std::vector<Id> ids;
    ForEach([&](const char* data, int length) { ids.push_back(Id{WideInt(data, length)}); });
    return ids;
  }
  /// An array of integers of any width.
  template <class Int>
  std::vector<Int> Ints() {
    std::vector<Int> ints;
    ForEach([&](const char* data, int length) {
      ints.push_back(static_cast<Int>(WideInt(data, length)));
    });
    return ints;
  }

 private:
  const Field& Next();
  static std::int64_t WideInt(const char* data, int length);
  template <class Each>
  void ForEach(Each each) {
    const Field& field = Next();
    const char* at = field.data;
    for (std::int32_t left = ArrayBegin(field, &at); left > 0; --left) {
      const int length = ElementLength(&at);
      each(at, length);
      at += length;
    }
  }
  static std::int32_t ArrayBegin(const Field& field, const char** at);
  static int ElementLength(const char** at);

  std::vector<Field> fields_;
  std::size_t at_ = 0;
};

}  // namespace fft::pg
