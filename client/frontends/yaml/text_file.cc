#include "client/frontends/yaml/text_file.h"

#include <cstdint>
#include <fstream>
#include <sstream>

#include <system_error>

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

}  // namespace fft
