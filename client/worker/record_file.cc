#include "client/worker/record_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "client/worker/frames.h"

namespace fft {
namespace {

Status SyncFolderOf(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/'));
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return ErrnoStatus(Code::kUnavailable, folder);
  return Ok();
}

}  // namespace

StatusOr<RecordFile> RecordFile::Open(const std::string& path,
                                      const std::function<void(std::string_view)>& replay) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return ErrnoStatus(Code::kUnavailable, path);
  FrameReader reader;
  std::string payload;
  std::string piece(1 << 16, '\0');
  while (true) {
    const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
    if (n < 0) return ErrnoStatus(Code::kUnavailable, path);
    if (n == 0) break;
    reader.Add(std::string_view(piece).substr(0, static_cast<std::size_t>(n)));
    while (reader.Next(&payload)) replay(payload);
  }
  if (::ftruncate(fd.get(), reader.taken()) != 0) return ErrnoStatus(Code::kUnavailable, path);
  return RecordFile(path, std::move(fd), reader.taken());
}

void RecordFile::Add(std::string_view payload) { AppendFrame(payload, &pending_); }

Status RecordFile::Flush() {
  if (pending_.empty()) return Ok();
  const Status written = WriteAll(fd_.get(), pending_, path_);
  if (!written.ok()) {
    // Part of it may be there: a torn frame in the middle would hide all that comes after it.
    if (::ftruncate(fd_.get(), bytes_) != 0) return ErrnoStatus(Code::kDataLoss, path_);
    return written;
  }
  bytes_ += static_cast<std::int64_t>(pending_.size());
  pending_.clear();
  return Ok();
}

Status RecordFile::Sync() {
  if (::fdatasync(fd_.get()) != 0) return ErrnoStatus(Code::kUnavailable, path_);
  return Ok();
}

Status RecordFile::Rewrite(const std::vector<std::string>& payloads) {
  std::string bytes;
  for (const std::string& payload : payloads) AppendFrame(payload, &bytes);
  const std::string next = path_ + ".next";
  Fd fd(::open(next.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!fd) return ErrnoStatus(Code::kUnavailable, next);
  if (const Status s = WriteAll(fd.get(), bytes, next); !s.ok()) return s;
  if (::fdatasync(fd.get()) != 0) return ErrnoStatus(Code::kUnavailable, next);
  if (::rename(next.c_str(), path_.c_str()) != 0) return ErrnoStatus(Code::kUnavailable, path_);
  fd_ = std::move(fd);
  bytes_ = static_cast<std::int64_t>(bytes.size());
  return SyncFolderOf(path_);
}

}  // namespace fft
