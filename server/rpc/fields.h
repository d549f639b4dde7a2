#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/app/ports.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace fft {

inline constexpr std::size_t kRefMax = 1024;  // bytes
inline constexpr std::size_t kTargetsMax = 100'000;
inline constexpr std::size_t kTargetBytesMax = 3 << 20;
inline constexpr std::size_t kLookupRefsMax = 10'000;
inline constexpr std::size_t kLabelsMax = 64;
inline constexpr std::size_t kRebuildMax = 100;  // globs
inline constexpr std::size_t kNameMax = 128;     // graph, namespace, worker
inline constexpr std::size_t kDigestsMax = 10'000;
inline constexpr std::int64_t kBlobMax = 64 << 20;
inline constexpr std::size_t kChunkMax = 1 << 20;  // of a blob, of a log
inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1000;
/// What a message holds before it is sent and the next one begun; gRPC's own limit is 4 MiB.
inline constexpr std::size_t kMessageBytes = 3 << 20;

/// Looks at the fields of one request and remembers what is wrong with them, up to four things.
class Fields {
 public:
  void Add(std::string field, std::string what);

  /// 1 to kRefMax bytes of UTF-8 without control characters.
  void Ref(std::string_view field, std::string_view ref);
  /// Parallel checks of a whole list: `field[3]` is named.
  template <class Strings>
  void Refs(std::string_view field, const Strings& refs, std::size_t count_max,
            std::size_t bytes_max);
  /// 1 to kNameMax printable characters without spaces and slashes.
  void Name(std::string_view field, std::string_view name);
  void NameOrNone(std::string_view field, std::string_view name);
  /// At most `bytes_max` bytes of printable UTF-8.
  void Text(std::string_view field, std::string_view text, std::size_t bytes_max);
  /// A positive number.
  void Id(std::string_view field, std::int64_t id);
  void IdOrNone(std::string_view field, std::int64_t id);
  void Range(std::string_view field, std::int64_t value, std::int64_t least, std::int64_t most);
  void Count(std::string_view field, std::size_t count, std::size_t most);
  /// 32 bytes.
  Digest Raw(std::string_view field, std::string_view bytes);
  /// 64 hexadecimal digits or nothing.
  Digest HexOrNone(std::string_view field, std::string_view hex);
  /// What a digest begins with, 6 digits or more.
  void HexStart(std::string_view field, std::string_view hex);
  /// The size of a page.
  int PageSize(int asked);

  bool ok() const { return violations_.empty(); }
  /// INVALID_ARGUMENT with every field that was added, OK when there is none.
  Status status() const;

 private:
  std::vector<std::pair<std::string, std::string>> violations_;
};

/// True when `text` is UTF-8 without control characters.
bool IsPrintable(std::string_view text);

template <class Strings>
void Fields::Refs(std::string_view field, const Strings& refs, std::size_t count_max,
                  std::size_t bytes_max) {
  Count(field, static_cast<std::size_t>(refs.size()), count_max);
  if (!ok()) return;
  std::size_t bytes = 0;
  std::size_t i = 0;
  for (const auto& ref : refs) {
    if (ref.empty() || ref.size() > kRefMax || !IsPrintable(ref))
      Ref(std::string(field) + "[" + std::to_string(i) + "]", ref);
    if (!ok()) return;
    bytes += ref.size();
    ++i;
  }
  if (bytes > bytes_max)
    Add(std::string(field),
        "holds " + std::to_string(bytes) + " bytes, " + std::to_string(bytes_max) + " is the most");
}

}  // namespace fft
