#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/time.h"

namespace fft::pg {

// PostgreSQL's binary form of values: network byte order, times in microseconds since 2000-01-01
// (src/backend/utils/adt of PostgreSQL, the *send and *recv functions).

/// The type numbers of pg_type.dat; fixed for ever.
enum Type : std::uint32_t {
  kBool = 16,
  kBytea = 17,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kJson = 114,
  kTimestamptz = 1184,
  kJsonb = 3802,
};
/// The type of arrays of `element`; not for JSON.
std::uint32_t ArrayOf(Type element);

void AppendInt16(std::string& out, std::int16_t value);
void AppendInt32(std::string& out, std::int32_t value);
void AppendInt64(std::string& out, std::int64_t value);
void AppendTime(std::string& out, TimePoint at);
/// What stands before the elements of an array.
void AppendArrayHeader(std::string& out, std::int32_t count, bool has_null, std::uint32_t element);

std::int16_t ReadInt16(const char* at);
std::int32_t ReadInt32(const char* at);
std::int64_t ReadInt64(const char* at);
TimePoint ReadTime(const char* at);

/// `text` as a text column can hold it: NUL and bytes that are not UTF-8 become U+FFFD.  What jobs
/// print ends up in messages, and no job may make a commit fail.
std::string CleanText(std::string_view text);
/// True when CleanText() would change nothing.
bool IsCleanText(std::string_view text);

}  // namespace fft::pg
