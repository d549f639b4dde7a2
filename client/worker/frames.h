#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/base/status.h"

namespace fft {

inline constexpr std::size_t kFrameBytesMax = 64u << 20;

/// A frame: the payload's length and its FNV-1a checksum, four bytes each, least significant first,
/// then the payload.  On sockets it parts messages, in files it shows where a torn write begins.
void AppendFrame(std::string_view payload, std::string* bytes);

/// Takes frames out of bytes that come in pieces.  One thread's.
class FrameReader {
 public:
  void Add(std::string_view bytes) { bytes_.append(bytes); }

  /// True and the next payload; false when more bytes are needed or the bytes are no frames.
  bool Next(std::string* payload);

  /// DATA_LOSS once a frame was too long or had another checksum: nothing after it can be read.
  const Status& status() const { return status_; }
  /// How many of the bytes given were taken as whole frames.
  std::int64_t taken() const { return taken_; }

 private:
  std::string bytes_;
  std::size_t begin_ = 0;
  std::int64_t taken_ = 0;
  Status status_;
};

}  // namespace fft
