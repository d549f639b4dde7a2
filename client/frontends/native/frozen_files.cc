#include "client/frontends/native/frozen_files.h"

#include <algorithm>
#include <fstream>

#include <system_error>

namespace fft {

namespace fs = std::filesystem;

namespace {
constexpr std::size_t kFilesMax = 1'000;  // in one folder
constexpr std::size_t kPieceBytes = 1 << 16;
}  // namespace

FrozenFiles::FrozenFiles(const fs::path& folder) {
  std::error_code ignored;
  folder_ = fs::weakly_canonical(folder, ignored);
}

Status FrozenFiles::CheckInside(const fs::path& relative) const {
  std::error_code failure;
  const fs::path real = fs::canonical(folder_ / relative, failure);
  if (failure) return Error(Code::kNotFound, "{}: {}", relative.string(), failure.message());
  const auto [end, unused] =
      std::mismatch(folder_.begin(), folder_.end(), real.begin(), real.end());
  if (end != folder_.end())
    return Error(Code::kInvalidArgument, "{}: leads out of the graph's folder, to {}",
                 relative.string(), real.string());
  return Ok();
}

StatusOr<std::vector<FrozenFile>> FrozenFiles::Freeze(const std::string& path) {
  const fs::path relative = fs::path(path).lexically_normal();
  if (path.empty()) return Error(Code::kInvalidArgument, "a path is empty");
  if (relative.is_absolute() || *relative.begin() == "..")
    return Error(Code::kInvalidArgument, "{}: must lie in the graph's folder", path);
  if (const Status inside = CheckInside(relative); !inside.ok()) return inside;
  std::vector<fs::path> paths;
  std::error_code failure;
  if (!fs::is_directory(folder_ / relative, failure)) {
    paths.push_back(relative);
  } else {
    for (fs::recursive_directory_iterator at(folder_ / relative, failure), end;
         !failure && at != end; at.increment(failure)) {
      if (!at->is_directory()) paths.push_back(at->path().lexically_relative(folder_));
      if (paths.size() > kFilesMax)
        return Error(Code::kInvalidArgument, "{}: more than {} files", path, kFilesMax);
    }
    if (failure) return Error(Code::kNotFound, "{}: {}", path, failure.message());
    if (paths.empty()) return Error(Code::kInvalidArgument, "{}: an empty folder", path);
    std::sort(paths.begin(), paths.end());
  }
  std::vector<FrozenFile> files;
  for (const fs::path& one : paths) {
    auto file = FreezeFile(one);
    if (!file.ok()) return file.status();
    files.push_back(*std::move(file));
  }
  return files;
}

StatusOr<FrozenFile> FrozenFiles::FreezeFile(const fs::path& relative) {
  const std::string name = relative.generic_string();
  if (const auto known = frozen_.find(name); known != frozen_.end()) return known->second;
  if (const Status inside = CheckInside(relative); !inside.ok()) return inside;
  const fs::path path = folder_ / relative;
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (failure) return Error(Code::kNotFound, "{}: {}", name, failure.message());
  if (!fs::is_regular_file(status))
    return Error(Code::kInvalidArgument, "{}: is not a regular file", name);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return Error(Code::kPermissionDenied, "{}: cannot be read", name);
  FrozenFile file{.path = name, .digest = {}, .bytes = 0, .executable = false};
  file.executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
  Sha256Stream digest;
  std::string piece(kPieceBytes, '\0');
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())),
         stream.gcount() > 0) {
    file.bytes += stream.gcount();
    if (file.bytes > kBytesMax)
      return Error(
          Code::kInvalidArgument,
          "{}: is larger than 64 MiB; large data belongs in a source, not in a job's files", name);
    digest.Update({piece.data(), static_cast<std::size_t>(stream.gcount())});
  }
  if (stream.bad()) return Error(Code::kDataLoss, "{}: cannot be read to its end", name);
  file.digest = digest.Finish();
  frozen_.emplace(name, file);
  files_.emplace(file.digest, LocalFile{path, file.digest, file.bytes});
  return file;
}

std::vector<LocalFile> FrozenFiles::Files() const {
  std::vector<LocalFile> files;
  for (const auto& [digest, file] : files_) files.push_back(file);
  return files;
}

}  // namespace fft
