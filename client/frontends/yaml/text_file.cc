#include "client/frontends/yaml/text_file.h"

#include <cstdint>
#include <fstream>
#include <sstream>

#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

namespace fft {

namespace {
constexpr std::uintmax_t kBytesMax = 3 << 20;
}  // namespace

StatusOr<std::string> ReadTextFile(const std::filesystem::path& path) {
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(path, failure);
  if (failure) return Error(Code::kNotFound, "{}: {}", path.string(), failure.message());
  if (bytes > kBytesMax)
    return Error(Code::kInvalidArgument, "{}: is larger than 3 MiB", path.string());
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  if (bytes > 0) text << stream.rdbuf();
  if (!stream) return Error(Code::kPermissionDenied, "{}: cannot be read", path.string());
  return text.str();
}

Status WriteTextFile(const std::filesystem::path& path, const std::string& text) {
  std::error_code failure;
  std::filesystem::create_directories(path.parent_path(), failure);
  const std::filesystem::path partial = fmt::format("{}.{}", path.string(), ::getpid());
  std::ofstream file(partial, std::ios::binary);
  file << text;
  file.close();
  if (file) std::filesystem::rename(partial, path, failure);
  std::error_code ignored;
  if (!file || failure) std::filesystem::remove(partial, ignored);
  if (!file || failure) return Error(Code::kUnavailable, "{} cannot be written", path.string());
  return Ok();
}

}  // namespace fft
