#include "client/worker/paths.h"

#include <algorithm>
#include <climits>
#include <vector>

#include <unistd.h>

#include <fmt/core.h>

namespace fft {
namespace {

constexpr std::string_view kFileScheme = "file://";

}  // namespace

bool IsPlainPath(std::string_view path) {
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    if (end == path.size()) return true;
    begin = end + 1;
  }
}

std::string PathOfUri(const std::string& uri) {
  return uri.starts_with(kFileScheme) ? uri.substr(kFileScheme.size()) : uri;
}

std::string OwnProgram() {
  char path[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", path, sizeof path);
  return n > 0 ? std::string(path, static_cast<std::size_t>(n)) : "fft-worker";
}

RunPlaces PlacesOf(const std::string& dir, const build::v1::Grant& grant) {
  RunPlaces places;
  places.folder = fmt::format("{}/runs/{}", dir, grant.run());
  places.scratch = places.folder + "/scratch";
  places.root = PathOfUri(grant.root_uri());
  while (places.root.size() > 1 && places.root.ends_with('/')) places.root.pop_back();
  if (!grant.configure() && !grant.config().in_place() &&
      grant.config().runner() != build::v1::RUNNER_SQL) {
    places.staging = fmt::format("{}/.fft/staging/{}-{}", places.root, grant.run(), grant.epoch());
  }
  return places;
}

Status CheckOutputPaths(const build::v1::Grant& grant) {
  if (!grant.root_uri().starts_with(kFileScheme) || PathOfUri(grant.root_uri()).find('/') != 0) {
    return Error(Code::kInvalidArgument, "root {} is no file:///... URI", grant.root_uri());
  }
  std::vector<std::string> refs(grant.config().outputs().begin(), grant.config().outputs().end());
  for (std::string& ref : refs) {
    if (!IsPlainPath(ref) || ref.starts_with(".fft/") || ref == ".fft") {
      return Error(Code::kInvalidArgument, "output {} can't be a path below the root", ref);
    }
    ref.push_back('/');
  }
  // With the slash, whatever lies in a folder stands right behind it.
  std::sort(refs.begin(), refs.end());
  for (std::size_t i = 1; i < refs.size(); ++i) {
    if (refs[i].starts_with(refs[i - 1])) {
      return Error(Code::kInvalidArgument, "output {} lies in output {}", refs[i], refs[i - 1]);
    }
  }
  return Ok();
}

}  // namespace fft
