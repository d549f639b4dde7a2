#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/time.h"
#include "server/store/binary.h"

namespace fft::pg {

/// The parameters of one statement, in order, in PostgreSQL's binary form.
class Params {
 public:
  Params& Int64(std::int64_t value);
  Params& Int32(std::int32_t value);
  Params& Int16(std::int16_t value);
  Params& Bool(bool value);
  Params& Text(std::string_view value);  // made clean
  Params& Bytes(std::string_view value);
  Params& Digest(const fft::Digest& value);  // zeros: NULL
  Params& Time(TimePoint value);             // zero: NULL
  Params& Int64s(const std::vector<std::int64_t>& values);
  Params& Texts(const std::vector<std::string>& values);
  Params& Digests(const std::vector<fft::Digest>& values);
  /// A value that is in binary form already.
  Params& Raw(std::uint32_t type, std::string value);

  int count() const { return static_cast<int>(values_.size()); }
  const std::uint32_t* types() const { return types_.data(); }
  // Valid until the next call that is not const, or the end of *this.
  std::vector<const char*> pointers() const;
  std::vector<int> lengths() const;
  /// All binary.
  std::vector<int> formats() const { return std::vector<int>(values_.size(), 1); }

 private:
  Params& Null(std::uint32_t type);

  std::vector<std::uint32_t> types_;
  std::vector<std::string> values_;
  std::vector<char> is_null_;
};

/// One array in the making.
class Array {
 public:
  explicit Array(Type element) : element_(element) {}

  void Int64(std::int64_t value);
  void Int32(std::int32_t value);
  void Int16(std::int16_t value);
  void Text(std::string_view value);  // made clean
  void Bytes(std::string_view value);

  Type element() const { return element_; }
  /// Bytes of the array as a value, and the value.
  std::size_t size() const { return elements_.size() + (count_ == 0 ? 12 : 20); }
  void AppendTo(std::string& out) const;
  std::string Finish() const;

 private:
  Type element_;
  std::int32_t count_ = 0;
  std::string elements_;
};

}  // namespace fft::pg
