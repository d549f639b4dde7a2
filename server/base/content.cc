#include "server/base/content.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace fft {

namespace {

namespace fs = std::filesystem;

Status FileError(const std::string& path, int error) {
  const Code code = error == ENOENT || error == ENOTDIR ? Code::kNotFound
                    : error == EACCES || error == EPERM ? Code::kPermissionDenied
                                                        : Code::kUnavailable;
  return Error(code, "cannot read {}: {}", path, std::generic_category().message(error));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  ~Descriptor() {
    if (value_ >= 0) close(value_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int value() const { return value_; }

 private:
  int value_;
};

using Lines = std::vector<std::pair<std::string, std::string>>;  // path, the rest of its line

/// Adds the lines of what `entry` is; `root` ends where relative paths begin.
Status AddEntry(const fs::directory_entry& entry, std::size_t root, const FileContent& of_file,
                std::int64_t* bytes, Lines* lines) {
  const std::string& path = entry.path().native();
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) return FileError(path, errno);
  std::error_code error;
  char kind = '0';
  std::string hex;
  if (S_ISREG(found.st_mode)) {
    std::int64_t size = 0;
    const StatusOr<Digest> digest = of_file(path, &size);
    if (!digest.ok()) return digest.status();
    kind = (found.st_mode & S_IXUSR) != 0 ? '1' : '0';
    hex = ToHex(*digest);
    *bytes += size;
  } else if (S_ISLNK(found.st_mode)) {
    const fs::path target = fs::read_symlink(entry.path(), error);
    if (error) return FileError(path, error.value());
    kind = 'l';
    hex = ToHex(Sha256(target.native()));
  } else if (S_ISDIR(found.st_mode)) {
    const bool is_empty = fs::is_empty(entry.path(), error);
    if (error) return FileError(path, error.value());
    if (!is_empty) return Ok();
    kind = 'd';
  } else {
    return Error(Code::kFailedPrecondition, "{} is neither a file nor a folder", path);
  }
  lines->emplace_back(path.substr(root), std::string{'\0', kind, '\0'} + hex + '\n');
  return Ok();
}

StatusOr<Digest> ContentOfFolder(std::string path, std::int64_t* bytes,
                                 const FileContent& of_file) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  Lines lines;
  std::error_code error;
  // Symbolic links to folders are not entered, so this ends.
  auto entry = fs::recursive_directory_iterator(path, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    if (Status added = AddEntry(*entry, path.size() + 1, of_file, bytes, &lines); !added.ok())
      return added;
  if (error) return FileError(path, error.value());
  std::sort(lines.begin(), lines.end());
  Sha256Stream digest;
  for (const auto& [name, rest] : lines) {
    digest.Update(name);
    digest.Update(rest);
  }
  return digest.Finish();
}

}  // namespace

StatusOr<Digest> ContentOfFile(const std::string& path, std::int64_t* bytes) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.value() < 0) return FileError(path, errno);
  Sha256Stream digest;
  std::vector<char> piece(std::size_t{1} << 17);
  *bytes = 0;
  while (true) {
    const ssize_t got = read(file.value(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(path, errno);
    if (got == 0) return digest.Finish();
    digest.Update({piece.data(), static_cast<std::size_t>(got)});
    *bytes += got;
  }
}

StatusOr<Digest> ContentOf(const std::string& path, std::int64_t* bytes,
                           const FileContent& of_file) {
  *bytes = 0;
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return FileError(path, errno);
  if (S_ISREG(found.st_mode)) return of_file(path, bytes);
  if (S_ISDIR(found.st_mode)) return ContentOfFolder(path, bytes, of_file);
  return Error(Code::kFailedPrecondition, "{} is neither a file nor a folder", path);
}

}  // namespace fft
