#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fft {

/// Where fftd listens unless told otherwise, and where its clients look for it:
/// `$XDG_RUNTIME_DIR/fft/fftd.sock`, else `~/.local/state/fft/fftd.sock`.
std::string DefaultSocketPath();

/// Where `fftd dev` keeps everything unless told otherwise:
/// `$XDG_DATA_HOME/fft`, else `~/.local/share/fft`.
std::string DefaultDataDir();

/// The path of `file:///path`, taken as it stands (nothing is percent-encoded in our URIs);
/// none for any other URI.
std::optional<std::string> PathOfFileUri(std::string_view uri);

}  // namespace fft
