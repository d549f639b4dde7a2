#include "client/worker/outputs.h"

#include <set>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dirent.h>
#include <fmt/core.h>

#include "client/worker/content.h"
#include "client/worker/fd.h"
#include "client/worker/manifest.h"
#include "server/base/handle.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using Refs = std::set<std::string>;
constexpr std::int64_t kSaidBytesMax = 32 << 20;

/// Empty when there is no such file.  A manifest that is a link, a pipe or too long is a lie.
StatusOr<std::string> ReadSmall(const std::string& path, const std::string& name,
                                std::int64_t bytes_max) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd && errno == ENOENT) return std::string();
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    return Error(Code::kInvalidArgument, "{} is no readable file", name);
  }
  if (st.st_size > bytes_max) {
    return Error(Code::kInvalidArgument, "{} has {} bytes, more than {}", name, st.st_size,
                 bytes_max);
  }
  std::string text(static_cast<std::size_t>(st.st_size), '\0');
  const ssize_t n = ::pread(fd.get(), text.data(), text.size(), 0);
  if (n < 0) return ErrnoStatus(Code::kUnavailable, path);
  text.resize(static_cast<std::size_t>(n));
  return text;
}

StatusOr<JobManifest> ReadManifest(const RunPlaces& places, const Refs& declared) {
  const auto said = ReadSmall(places.folder + "/said", "the printed manifest", kSaidBytesMax);
  if (!said.ok()) return said.status();
  const auto file = ReadSmall(places.folder + "/manifest", "$FFT_MANIFEST", kManifestBytesMax);
  if (!file.ok()) return file.status();
  return ParseManifest(*said, *file, declared);
}

/// Whether a declared output lies below the folder `below`.
bool LeadsToOutput(const std::string& below, const Refs& declared) {
  const auto next = declared.lower_bound(below + "/");
  return next != declared.end() && next->starts_with(below + "/");
}

Status CheckUndeclared(const std::string& path, const std::string& below, const Refs& declared) {
  const Handle<DIR, ::closedir> folder(::opendir(path.c_str()));
  if (!folder && errno == ENOENT) return Ok();  // the job removed it: its outputs are missing
  if (!folder) return ErrnoStatus(Code::kUnavailable, path);
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string ref = below.empty() ? name : below + "/" + name;
    if (declared.contains(ref)) continue;
    struct stat st {};
    const std::string child = path + "/" + name;
    if (::lstat(child.c_str(), &st) != 0) return ErrnoStatus(Code::kUnavailable, child);
    if (!S_ISDIR(st.st_mode) || !LeadsToOutput(ref, declared)) {
      return Error(Code::kInvalidArgument, "it left {} in $FFT_OUT, which is no output of this run",
                   ref);
    }
    if (const Status s = CheckUndeclared(child, ref, declared); !s.ok()) return s;
  }
  return Ok();
}

Status Check(const std::string& ref, const Content& content, const JobManifest::Output& told) {
  if (!told.uri.empty()) {
    return Error(Code::kInvalidArgument,
                 "output {} is in its place, and the manifest says it is at {}", ref, told.uri);
  }
  if (told.bytes >= 0 && told.bytes != content.bytes) {
    return Error(Code::kInvalidArgument, "output {} has {} bytes, and the manifest says {}", ref,
                 content.bytes, told.bytes);
  }
  return Ok();
}

/// Adds one output.  `from`: where the job left it, unless at a URI of its own.
Status AddOutput(const std::string& ref, const std::string& from, const JobManifest::Output& told,
                 bool is_in_place, const RunPlaces& places, FoundOutputs* found) {
  v1::OutputReport& report = found->reports.emplace_back();
  report.set_ref(ref);
  report.set_rows(told.rows);
  report.set_size_bytes(told.bytes);
  // In place a ref need not be a path, and need not lie below the root.
  auto content = is_in_place && !IsPlainPath(ref) ? Error(Code::kNotFound, "{} is no path", ref)
                                                  : ContentOf(from);
  if (content.status().code() == Code::kNotFound) {
    report.set_uri(told.uri);
    if (!told.uri.empty() || is_in_place) return Ok();
    return Error(Code::kInvalidArgument, "output {} is missing: $FFT_OUT/{} does not exist", ref,
                 ref);
  }
  if (!content.ok()) {
    return Error(content.status().code(), "output {}: {}", ref, Message(content.status()));
  }
  if (const Status s = Check(ref, *content, told); !s.ok()) return s;
  report.set_content(std::string(content->digest.view()));
  report.set_size_bytes(content->bytes);
  if (is_in_place) return Ok();
  found->staged.push_back(
      {ref, from, places.root + "/" + ref, std::move(content->files), std::move(content->folders)});
  return Ok();
}

}  // namespace

StatusOr<FoundOutputs> FindOutputs(const v1::Grant& grant, const RunPlaces& places) {
  const Refs declared(grant.config().outputs().begin(), grant.config().outputs().end());
  const auto manifest = ReadManifest(places, declared);
  if (!manifest.ok()) return manifest.status();
  const bool is_in_place = places.staging.empty();  // nothing is moved: it is where it belongs
  if (!is_in_place) {
    if (const Status s = CheckUndeclared(places.staging, "", declared); !s.ok()) return s;
  }
  FoundOutputs found;
  found.metadata = manifest->metadata;
  const std::string base = is_in_place ? places.root : places.staging;
  for (const std::string& ref : grant.config().outputs()) {
    const auto told = manifest->outputs.find(ref);
    const Status added =
        AddOutput(ref, base + "/" + ref,
                  told == manifest->outputs.end() ? JobManifest::Output{} : told->second,
                  is_in_place, places, &found);
    if (!added.ok()) return added;
  }
  return found;
}

}  // namespace fft
