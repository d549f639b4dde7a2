#pragma once

#include <string>
#include <string_view>

#include "server/base/status.h"
#include "server/domain/ids.h"
#include "server/rpc/fields.h"

namespace fft {

/// A page token: where the store goes on, sealed with a digest of the list's filter, so that a
/// token of one list is refused by another.  Empty stays empty: the end, or the beginning.
std::string SealPage(std::string_view filter, const std::string& after);
std::string OpenPage(std::string_view filter, std::string_view token, Fields* fields);

/// Seals resume tokens of one kind of stream: version 1 (1 byte), the number of the last event that
/// was delivered or spared (8, big-endian), what is watched (8, of its digest), a checksum (4).
class ResumeSeal {
 public:
  /// `what`: the same text for streams that may go on with each other's tokens.
  explicit ResumeSeal(std::string_view what);
  std::string Seal(EventSeq up_to) const;
  /// INVALID_ARGUMENT: it is no token of ours, or one of another stream.
  StatusOr<EventSeq> Open(std::string_view token) const;

 private:
  std::string what_;
};

}  // namespace fft
