#include "server/base/paths.h"

#include <cstdlib>

#include <unistd.h>

#include <pwd.h>

namespace fft {

namespace {

std::optional<std::string> Variable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets it
  // The XDG base directory specification: relative paths are to be ignored.
  if (value == nullptr || *value != '/') return std::nullopt;
  return value;
}

std::string Home() {
  if (auto home = Variable("HOME")) return *std::move(home);
  const passwd* const user = getpwuid(geteuid());  // NOLINT(concurrency-mt-unsafe): at start only
  return user != nullptr && user->pw_dir != nullptr ? user->pw_dir : "/";
}

}  // namespace

std::string DefaultSocketPath() {
  if (const auto runtime = Variable("XDG_RUNTIME_DIR")) return *runtime + "/fft/fftd.sock";
  return Home() + "/.local/state/fft/fftd.sock";
}

std::string DefaultDataDir() {
  if (const auto data = Variable("XDG_DATA_HOME")) return *data + "/fft";
  return Home() + "/.local/share/fft";
}

std::optional<std::string> PathOfFileUri(std::string_view uri) {
  constexpr std::string_view kScheme = "file://";
  if (!uri.starts_with(kScheme)) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  if (!uri.starts_with('/')) return std::nullopt;
  return std::string(uri);
}

}  // namespace fft
