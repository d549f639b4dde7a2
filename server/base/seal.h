#pragma once

#include <string>
#include <string_view>

#include "server/base/status.h"

namespace fft {

/// Keeps secrets at rest: AES-256-GCM (NIST SP 800-38D) under one key, with a nonce of its own for
/// each.  Safe from any thread.
class Seal {
 public:
  static constexpr std::size_t kKeyBytes = 32;

  /// The key in a file of 32 bytes that nobody but its owner may read.  Where there is no such file
  /// it is made, with a key by chance, when `is_made`.
  ///   FAILED_PRECONDITION  names the file and what is wrong with it
  static StatusOr<Seal> Open(const std::string& path, bool is_made);
  explicit Seal(std::string key);  // kKeyBytes

  /// `name` is bound to it: what was sealed under another name does not open.
  std::string Close(std::string_view name, std::string_view secret) const;
  /// DATA_LOSS when it was sealed with another key or name, or changed since.
  StatusOr<std::string> Unseal(std::string_view name, std::string_view sealed) const;

 private:
  std::string key_;
};

}  // namespace fft
