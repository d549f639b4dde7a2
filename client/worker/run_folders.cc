#include "client/worker/run_folders.h"

#include <memory>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>
#include <fmt/core.h>

#include "client/worker/fd.h"
#include "client/worker/publish.h"

namespace fft {
namespace {

constexpr mode_t kMode = 0755;

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, CloseDir>;

/// Null when it is no folder, or one of which the job changed the mode.
Dir Open(int at, const char* path) {
  Fd fd(::openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0 || (st.st_mode & 07777) != kMode) return nullptr;
  Dir dir(::fdopendir(fd.get()));
  if (dir) fd.Release();
  return dir;
}

bool IsDots(std::string_view name) { return name == "." || name == ".."; }

bool IsEmpty(int at, const char* path) {
  const Dir dir = Open(at, path);
  if (!dir) return false;
  while (const dirent* entry = ::readdir(dir.get()))
    if (!IsDots(entry->d_name)) return false;
  return true;
}

/// A list is overwritten in place, unless the job made something else of it.
bool IsList(int at, const char* name) {
  const std::string_view text = name;
  struct stat st {};
  return (text == "inputs" || text == "outputs") &&
         ::fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
         st.st_nlink == 1 && (st.st_mode & 07777) == 0644;
}

/// False: something is in the way, and the folder is to be removed as a whole.
bool MakeEmpty(const std::string& folder) {
  const Dir dir = Open(AT_FDCWD, folder.c_str());
  if (!dir) return false;
  const int at = ::dirfd(dir.get());
  bool has_scratch = false;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (IsDots(name)) continue;
    if (name == "scratch") {
      has_scratch = IsEmpty(at, "scratch");
      if (!has_scratch) return false;
    } else if (!IsList(at, entry->d_name) && ::unlinkat(at, entry->d_name, 0) != 0) {
      return false;
    }
  }
  return has_scratch;
}

}  // namespace

Status RunFolders::Open() {
  if (const Status s = RemoveAll(spare_); !s.ok()) return s;
  return MakeFolders(spare_);
}

std::string RunFolders::TakeSpare() {
  const std::lock_guard lock(mutex_);
  if (spares_.empty()) return {};
  std::string spare = std::move(spares_.back());
  spares_.pop_back();
  return spare;
}

Status RunFolders::Make(const RunPlaces& places) {
  const char* folder = places.folder.c_str();
  if (const std::string spare = TakeSpare(); !spare.empty()) {
    if (::rename(spare.c_str(), folder) == 0) return Ok();
    if (const Status s = RemoveAll(places.folder); !s.ok()) return s;
    if (::rename(spare.c_str(), folder) == 0) return Ok();
  }
  if (::mkdir(folder, kMode) != 0) {
    // Left by an attempt to start that was cut short.
    if (const Status s = RemoveAll(places.folder); !s.ok()) return s;
    if (const Status s = MakeFolders(places.folder); !s.ok()) return s;
  }
  return MakeFolders(places.scratch);
}

bool RunFolders::Keep(const std::string& folder) {
  std::string spare;
  {
    const std::lock_guard lock(mutex_);
    if (spares_.size() >= kSparesMax) return false;
    spare = fmt::format("{}/{}", spare_, ++last_);
  }
  if (!MakeEmpty(folder) || ::rename(folder.c_str(), spare.c_str()) != 0) return false;
  const std::lock_guard lock(mutex_);
  spares_.push_back(std::move(spare));
  return true;
}

Status RunFolders::Remove(const RunPlaces& places) {
  const Status staging = places.staging.empty() ? Ok() : RemoveAll(places.staging);
  if (Keep(places.folder)) return staging;
  const Status folder = RemoveAll(places.folder);
  return staging.ok() ? folder : staging;
}

}  // namespace fft
