#include "client/worker/publish.h"

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/worker/fd.h"

namespace fft {
namespace {

// Measured on ext4: one syncfs costs about as much as this many fsyncs of small files.
constexpr std::size_t kSyncOneByOneMax = 8;

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

Code CodeOf(int error) {
  const bool is_path = error == ENOTDIR || error == ENAMETOOLONG || error == ELOOP;
  return is_path ? Code::kInvalidArgument : Code::kUnavailable;
}

Status SyncPath(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::fsync(fd.get()) != 0) return ErrnoStatus(Code::kUnavailable, path);
  return Ok();
}

Status SyncFilesystemOf(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd || ::syncfs(fd.get()) != 0) return ErrnoStatus(Code::kUnavailable, path);
  return Ok();
}

Status Exchange(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_EXCHANGE) == 0) return Ok();
  if (errno != EINVAL && errno != ENOSYS) return ErrnoStatus(CodeOf(errno), to);
  // A filesystem that can't exchange: for an instant nothing is there, never half of it.
  const std::string old = from + ".old";
  if (::rename(to.c_str(), old.c_str()) != 0) return ErrnoStatus(CodeOf(errno), to);
  if (::rename(from.c_str(), to.c_str()) == 0) return Ok();
  const int error = errno;
  ::rename(old.c_str(), to.c_str());
  return ErrnoStatus(CodeOf(error), to, error);
}

}  // namespace

Status MakeFolders(const std::string& path, std::set<std::string>* changed) {
  if (::mkdir(path.c_str(), 0755) == 0) {
    if (changed != nullptr) changed->insert(FolderOf(path));
    return Ok();
  }
  if (errno == EEXIST) {
    struct stat st {};
    if (::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) return Ok();
    return ErrnoStatus(Code::kInvalidArgument, path, ENOTDIR);
  }
  if (errno != ENOENT) return ErrnoStatus(CodeOf(errno), path);
  const std::string above = FolderOf(path);
  if (above.empty() || above == path) return ErrnoStatus(Code::kUnavailable, path, ENOENT);
  if (const Status s = MakeFolders(above, changed); !s.ok()) return s;
  return MakeFolders(path, changed);
}

Status MoveIntoPlace(const std::string& from, const std::string& to,
                     std::set<std::string>* changed) {
  changed->insert(FolderOf(to));
  if (::rename(from.c_str(), to.c_str()) == 0) return Ok();
  int error = errno;
  struct stat st {};
  if (error == ENOENT && ::lstat(from.c_str(), &st) == 0) {
    if (const Status s = MakeFolders(FolderOf(to), changed); !s.ok()) return s;
    if (::rename(from.c_str(), to.c_str()) == 0) return Ok();
    error = errno;
  }
  const bool is_occupied =
      error == EISDIR || error == ENOTEMPTY || error == EEXIST || error == ENOTDIR;
  if (is_occupied && ::lstat(to.c_str(), &st) == 0) return Exchange(from, to);
  return ErrnoStatus(CodeOf(error), to, error);
}

Status SyncStaged(const std::vector<const StagedOutput*>& outputs) {
  std::size_t count = 0;
  for (const StagedOutput* output : outputs) count += output->files.size();
  if (count > kSyncOneByOneMax) return SyncFilesystemOf(outputs.front()->from);
  for (const StagedOutput* output : outputs) {
    for (const std::string& file : output->files) {
      if (const Status s = SyncPath(file); !s.ok()) return s;
    }
    for (const std::string& folder : output->folders) {
      if (const Status s = SyncPath(folder); !s.ok()) return s;
    }
  }
  return Ok();
}

Status SyncFolders(const std::set<std::string>& folders, const std::string& root) {
  if (folders.empty()) return Ok();
  if (folders.size() > kSyncOneByOneMax) return SyncFilesystemOf(root);
  for (const std::string& folder : folders) {
    if (const Status s = SyncPath(folder); !s.ok()) return s;
  }
  return Ok();
}

Status RemoveAll(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return Ok();
  if (errno == ENOTDIR) {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return Ok();
    return ErrnoStatus(Code::kUnavailable, path);
  }
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (!error) return Ok();
  // Folders that the job made read-only.
  for (std::filesystem::recursive_directory_iterator it(path, error), end; it != end && !error;
       it.increment(error)) {
    if (it->is_directory(error) && !it->is_symlink(error)) ::chmod(it->path().c_str(), 0755);
  }
  std::filesystem::remove_all(path, error);
  if (error) return Error(Code::kUnavailable, "{}: {}", path, error.message());
  return Ok();
}

}  // namespace fft
