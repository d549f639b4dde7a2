#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "client/worker/fd.h"
#include "server/base/status.h"

namespace fft {

/// A file of frames that is only ever appended to: what is written survives the writer, and after
/// Sync() also the machine.  A torn end is cut off when the file is opened.  One thread's at a
/// time.
class RecordFile {
 public:
  /// Opens or makes `path` and gives each whole frame's payload to `replay`, in order.
  static StatusOr<RecordFile> Open(const std::string& path,
                                   const std::function<void(std::string_view)>& replay);

  /// Adds a frame to what the next Flush() writes.
  void Add(std::string_view payload);
  Status Flush();  // to the kernel
  Status Sync();   // to the disk, what was flushed

  /// Replaces all content, atomically, by `payloads`.
  Status Rewrite(const std::vector<std::string>& payloads);

  std::int64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  RecordFile(std::string path, Fd fd, std::int64_t bytes)
      : path_(std::move(path)), fd_(std::move(fd)), bytes_(bytes) {}

  std::string path_;
  Fd fd_;
  std::int64_t bytes_ = 0;
  std::string pending_;
};

}  // namespace fft
