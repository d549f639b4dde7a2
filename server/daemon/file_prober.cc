#include "server/daemon/file_prober.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "server/base/content.h"
#include "server/base/paths.h"

namespace fft {

namespace {

/// Times of files advance with the kernel's tick, at most 10 ms; network file systems are coarser.
constexpr Duration kSettled{2'000};

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

TimePoint ChangeOf(const struct stat& found) {
  return FromMillis(Nanoseconds(found.st_ctim) / 1'000'000);
}

}  // namespace

bool FileProber::Known::IsSame(const struct stat& found) const {
  return device == found.st_dev && inode == found.st_ino && size == found.st_size &&
         modified_ns == Nanoseconds(found.st_mtim) && changed_ns == Nanoseconds(found.st_ctim);
}

StatusOr<std::vector<char>> FileProber::Exist(const std::vector<std::string>& uris) {
  std::vector<char> all;
  all.reserve(uris.size());
  for (const std::string& uri : uris) {
    const std::optional<std::string> path = PathOfFileUri(uri);
    struct stat found {};
    all.push_back(path && stat(path->c_str(), &found) == 0 ? 1 : 0);
  }
  return all;
}

StatusOr<Digest> FileProber::Content(const std::string& uri, std::int64_t* bytes) {
  const std::optional<std::string> path = PathOfFileUri(uri);
  if (!path) return Error(Code::kInvalidArgument, "{} is not of the form file:///path", uri);
  return ContentOf(*path, bytes, [this](const std::string& file, std::int64_t* size) {
    return ContentOfKnown(file, size);
  });
}

TimePoint FileProber::ChangedAt(const std::string& uri) {
  const std::optional<std::string> path = PathOfFileUri(uri);
  struct stat top {};
  if (!path || stat(path->c_str(), &top) != 0) return TimePoint::max();
  TimePoint latest = ChangeOf(top);
  struct stat link {};  // one that was made to point elsewhere and back
  if (lstat(path->c_str(), &link) == 0) latest = std::max(latest, ChangeOf(link));
  if (!S_ISDIR(top.st_mode)) return latest;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(*path, error);
  for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
    struct stat found {};
    if (lstat(at->path().c_str(), &found) != 0) return TimePoint::max();
    latest = std::max(latest, ChangeOf(found));
  }
  return error ? TimePoint::max() : latest;
}

std::int64_t FileProber::reads() const {
  const std::lock_guard lock(mutex_);
  return reads_;
}

StatusOr<Digest> FileProber::ContentOfKnown(const std::string& path, std::int64_t* bytes) {
  struct stat before {};
  const bool is_there = stat(path.c_str(), &before) == 0;
  {
    const std::lock_guard lock(mutex_);
    const auto known = known_.find(path);
    if (is_there && known != known_.end() && known->second.IsSame(before)) {
      *bytes = before.st_size;
      return known->second.digest;
    }
    ++reads_;
  }
  const TimePoint begin = clock_.Now();
  StatusOr<Digest> digest = ContentOfFile(path, bytes);
  if (!digest.ok() || !is_there) return digest;
  const Known now{.device = before.st_dev,
                  .inode = before.st_ino,
                  .size = before.st_size,
                  .modified_ns = Nanoseconds(before.st_mtim),
                  .changed_ns = Nanoseconds(before.st_ctim),
                  .digest = *digest};
  struct stat after {};
  const std::int64_t settled_ms = ToMillis(begin - kSettled);
  const bool is_settled = stat(path.c_str(), &after) == 0 && now.IsSame(after) &&
                          now.changed_ns / 1'000'000 < settled_ms &&
                          now.modified_ns / 1'000'000 < settled_ms;
  const std::lock_guard lock(mutex_);
  if (!is_settled) {
    known_.erase(path);
    return digest;
  }
  if (known_.size() >= files_max_) known_.clear();
  known_[path] = now;
  return digest;
}

}  // namespace fft
