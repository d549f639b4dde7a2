#include "client/frontends/fastflowtransform/context.h"

#include <set>
#include <vector>

#include <fmt/format.h>

#include "client/frontends/fastflowtransform/project_files.h"
#include "server/base/content.h"

namespace fft {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesMax = 20'000;
constexpr std::uintmax_t kFileBytesMax = 64 << 20;

bool IsLeftOut(const std::string& name) {
  static const std::set<std::string> kMade = {"__pycache__", "node_modules", "target", "venv"};
  return name.starts_with('.') || name.ends_with(".pyc") || kMade.contains(name);
}

/// It tells how to connect, perhaps with a password; no model needs it.
constexpr char kProfiles[] = "profiles.yml";

Status Add(const fs::path& folder, const std::string& below, FftContext* context) {
  const auto paths =
      FilesBelow(folder, folder, {.count_max = kFilesMax, .is_left_out = &IsLeftOut});
  if (!paths.ok()) return paths.status();
  for (const std::string& path : *paths) {
    if (path == kProfiles) continue;
    const fs::path file = folder / path;
    if (path.find('\n') != std::string::npos)
      return Error(Code::kInvalidArgument, "{}: a line feed in a name", folder.string());
    std::error_code error;
    if (fs::file_size(file, error) > kFileBytesMax && !error)
      return Error(Code::kInvalidArgument, "{}: larger than the 64 MiB that may travel",
                   file.string());
    std::int64_t bytes = 0;
    const auto digest = ContentOfFile(file.string(), &bytes);
    if (!digest.ok()) return digest.status();
    context->listing += fmt::format("{} {}/{}\n", ToHex(*digest), below, path);
    context->files.emplace(*digest, file);
  }
  return Ok();
}

}  // namespace

StatusOr<FftContext> GatherContext(const fs::path& project, const fs::path& packages) {
  FftContext context;
  if (Status s = Add(project, "project", &context); !s.ok()) return s;
  for (const char* package : {"fastflowtransform", "fft_model"})
    if (Status s = Add(packages / package, fmt::format("python/{}", package), &context); !s.ok())
      return s;
  return context;
}

}  // namespace fft
