#include "client/worker/blob_cache.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "client/worker/fd.h"
#include "client/worker/paths.h"
#include "client/worker/publish.h"

namespace fft {
namespace {

Status CopyFile(const std::string& from, const std::string& to, bool executable) {
  const Fd in(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!in) return ErrnoStatus(Code::kUnavailable, from);
  const Fd out(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!out) return ErrnoStatus(Code::kUnavailable, to);
  ssize_t n = 1;
  while (n > 0) n = ::copy_file_range(in.get(), nullptr, out.get(), nullptr, 1 << 30, 0);
  if (n < 0) return ErrnoStatus(Code::kUnavailable, to);
  if (::fchmod(out.get(), executable ? 0555 : 0444) != 0)
    return ErrnoStatus(Code::kUnavailable, to);
  return Ok();
}

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

}  // namespace

Status BlobCache::Sweep() {
  if (const Status s = RemoveAll(dir_ + "/incoming"); !s.ok()) return s;
  for (const char* name : {"/incoming", "/blobs", "/trees"}) {
    if (const Status s = MakeFolders(dir_ + name); !s.ok()) return s;
  }
  return Ok();
}

std::string BlobCache::FolderFor(const WantedTree& tree) const {
  std::vector<std::string> lines;
  lines.reserve(tree.files.size());
  for (const WantedFile& file : tree.files) {
    lines.push_back(
        fmt::format("{} {} {}\n", ToHex(file.digest), file.executable ? 'x' : 'f', file.path));
  }
  std::sort(lines.begin(), lines.end());
  std::string all;
  for (const std::string& line : lines) all += line;
  if (tree.context) all += "context " + ToHex(tree.context);
  return dir_ + "/trees/" + ToHex(Sha256(all));
}

StatusOr<std::vector<WantedFile>> BlobCache::AllFiles(const WantedTree& tree) {
  std::vector<WantedFile> files = tree.files;
  if (!tree.context) return files;
  const auto listing = Fetch(tree.context);
  if (!listing.ok()) return listing.status();
  std::ifstream lines(*listing);
  for (std::string line; std::getline(lines, line);) {
    const auto digest = DigestFromHex(line.substr(0, 64));
    const bool is_executable = line.size() > 65 && line[65] == '*';
    if (!digest || line.size() < 66 || line[64] != ' ')
      return Error(Code::kInvalidArgument, "the job's context has the line {}", line);
    files.push_back({line.substr(is_executable ? 66 : 65), *digest, is_executable});
  }
  return files;
}

std::string BlobCache::FindTree(const WantedTree& tree) const {
  std::string folder = FolderFor(tree);
  const std::lock_guard lock(mutex_);
  return trees_.contains(folder) ? folder : "";
}

StatusOr<std::string> BlobCache::MakeTree(const WantedTree& tree) {
  const std::string folder = FolderFor(tree);
  const std::lock_guard making(making_);
  if (!Exists(folder)) {
    const auto files = AllFiles(tree);
    if (!files.ok()) return files.status();
    const std::string incoming = dir_ + "/incoming/tree";
    if (const Status s = RemoveAll(incoming); !s.ok()) return s;
    if (const Status s = Fill(incoming, *files); !s.ok()) return s;
    if (::rename(incoming.c_str(), folder.c_str()) != 0) {
      return ErrnoStatus(Code::kUnavailable, folder);
    }
  }
  const std::lock_guard lock(mutex_);
  trees_.insert(folder);
  return folder;
}

StatusOr<std::string> BlobCache::ReadText(const Digest& digest) {
  std::ifstream file(dir_ + "/blobs/" + ToHex(digest), std::ios::binary);
  if (file) return std::string{std::istreambuf_iterator<char>(file), {}};
  std::string text;
  const Status read = source_.Read(digest, [&](std::string_view bytes) {
    text += bytes;
    return Ok();
  });
  if (!read.ok()) return read;
  if (Sha256(text) != digest)
    return Error(Code::kDataLoss, "blob {} came with other bytes", ToShortHex(digest));
  return text;
}

StatusOr<std::string> BlobCache::FindFile(const Digest& digest) {
  const std::lock_guard making(making_);
  return Fetch(digest);
}

void BlobCache::DropTree(const std::string& folder) {
  const std::lock_guard making(making_);
  RemoveAll(folder).IgnoreError();
  const std::lock_guard lock(mutex_);
  trees_.erase(folder);
}

Status BlobCache::Fill(const std::string& folder, const std::vector<WantedFile>& files) {
  if (const Status s = MakeFolders(folder); !s.ok()) return s;
  for (const WantedFile& file : files) {
    if (!IsPlainPath(file.path)) {
      return Error(Code::kInvalidArgument, "file path {} leads out of its folder", file.path);
    }
    const auto blob = Fetch(file.digest);
    if (!blob.ok()) {
      return Error(blob.status().code(), "file {}: {}", file.path, Message(blob.status()));
    }
    const std::string to = folder + "/" + file.path;
    if (const Status s = MakeFolders(to.substr(0, to.rfind('/'))); !s.ok()) return s;
    if (const Status s = CopyFile(*blob, to, file.executable); !s.ok()) return s;
  }
  return Ok();
}

StatusOr<std::string> BlobCache::Fetch(const Digest& digest) {
  const std::string path = dir_ + "/blobs/" + ToHex(digest);
  if (Exists(path)) return path;
  const std::string incoming = dir_ + "/incoming/" + ToHex(digest);
  const Status got = Download(digest, incoming);
  if (!got.ok()) {
    ::unlink(incoming.c_str());
    return got;
  }
  if (::rename(incoming.c_str(), path.c_str()) != 0) return ErrnoStatus(Code::kUnavailable, path);
  return path;
}

Status BlobCache::Download(const Digest& digest, const std::string& path) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444));
  if (!fd) return ErrnoStatus(Code::kUnavailable, path);
  Sha256Stream sum;
  const Status read = source_.Read(digest, [&](std::string_view bytes) {
    sum.Update(bytes);
    return WriteAll(fd.get(), bytes, path);
  });
  if (!read.ok()) return read;
  const Digest got = sum.Finish();
  if (got != digest) {
    return Error(Code::kDataLoss, "blob {} came with digest {}", ToShortHex(digest),
                 ToShortHex(got));
  }
  // Found by name at the next start and not read again: it must be whole then.
  if (::fdatasync(fd.get()) != 0) return ErrnoStatus(Code::kUnavailable, path);
  return Ok();
}

}  // namespace fft
