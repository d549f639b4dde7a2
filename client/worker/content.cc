#include "client/worker/content.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>

#include "client/worker/fd.h"
#include "server/base/handle.h"

namespace fft {
namespace {

constexpr std::int64_t kSyncAtOnceBytes = 4 << 20;

StatusOr<Digest> DigestFile(const std::string& path, std::int64_t* bytes) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return ErrnoStatus(Code::kUnavailable, path);
  Sha256Stream sum;
  static thread_local std::string piece(1 << 18, '\0');
  std::int64_t size = 0;
  while (true) {
    const ssize_t n = ::read(fd.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus(Code::kUnavailable, path);
    if (n == 0) break;
    sum.Update(std::string_view(piece).substr(0, static_cast<std::size_t>(n)));
    size += n;
  }
  if (size > kSyncAtOnceBytes && ::fdatasync(fd.get()) != 0) {
    return ErrnoStatus(Code::kUnavailable, path);
  }
  *bytes += size;
  return sum.Finish();
}

StatusOr<std::vector<std::string>> SortedNames(const std::string& path) {
  const Handle<DIR, ::closedir> folder(::opendir(path.c_str()));
  if (!folder) return ErrnoStatus(Code::kUnavailable, path);
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

StatusOr<std::string> LinkTarget(const std::string& path) {
  char target[4096];
  const ssize_t n = ::readlink(path.c_str(), target, sizeof target);
  if (n < 0) return ErrnoStatus(Code::kUnavailable, path);
  return std::string(target, static_cast<std::size_t>(n));
}

Status AddFolder(const std::string& path, const std::string& below, Sha256Stream* sum,
                 Content* content);

Status AddEntry(const std::string& path, const std::string& name, Sha256Stream* sum,
                Content* content) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) return ErrnoStatus(Code::kUnavailable, path);
  if (S_ISDIR(st.st_mode)) {
    sum->Update("d " + name + "\n");
    return AddFolder(path, name + "/", sum, content);
  }
  if (S_ISREG(st.st_mode)) {
    const auto digest = DigestFile(path, &content->bytes);
    if (!digest.ok()) return digest.status();
    content->files.push_back(path);
    sum->Update(((st.st_mode & S_IXUSR) != 0 ? "x " : "f ") + ToHex(*digest) + " " + name + "\n");
    return Ok();
  }
  if (!S_ISLNK(st.st_mode)) {
    return Error(Code::kInvalidArgument, "{} is neither file, folder nor link", path);
  }
  const auto target = LinkTarget(path);
  if (!target.ok()) return target.status();
  sum->Update("l " + ToHex(Sha256(*target)) + " " + name + "\n");
  return Ok();
}

Status AddFolder(const std::string& path, const std::string& below, Sha256Stream* sum,
                 Content* content) {
  if (path.size() > 4000) return Error(Code::kInvalidArgument, "{} is nested too deeply", path);
  const auto names = SortedNames(path);
  if (!names.ok()) return names.status();
  for (const std::string& name : *names) {
    std::string child = path;
    child.append("/").append(name);
    if (const Status s = AddEntry(child, below + name, sum, content); !s.ok()) return s;
  }
  content->folders.push_back(path);
  return Ok();
}

}  // namespace

StatusOr<Content> ContentOf(const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0) {
    const bool is_missing = errno == ENOENT || errno == ENOTDIR;
    return ErrnoStatus(is_missing ? Code::kNotFound : Code::kUnavailable, path);
  }
  Content content;
  if (S_ISREG(st.st_mode)) {
    const auto digest = DigestFile(path, &content.bytes);
    if (!digest.ok()) return digest.status();
    content.digest = *digest;
    content.files.push_back(path);
    return content;
  }
  if (!S_ISDIR(st.st_mode)) {
    return Error(Code::kInvalidArgument, "{} is neither file nor folder", path);
  }
  content.is_folder = true;
  Sha256Stream sum;
  if (const Status s = AddFolder(path, "", &sum, &content); !s.ok()) return s;
  content.digest = sum.Finish();
  return content;
}

}  // namespace fft
