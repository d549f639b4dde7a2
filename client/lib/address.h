#pragma once

#include <string>

namespace fft {

/// Where `fftd dev` listens: `$XDG_RUNTIME_DIR/fft/fftd.sock` when that variable is set, else
/// `~/.local/state/fft/fftd.sock`, as a gRPC target `unix:PATH`.
std::string DefaultAddress();

/// What `flag` means: gRPC targets (`unix:PATH`, `HOST:PORT`, `dns:...`) or paths of sockets,
/// parted by commas: daemons of which one leads.  Empty: `$FFT_ADDRESS`, or the default.
std::string AddressOf(const std::string& flag);

/// The login name of the user who runs this process; their number when they have no name.
std::string LocalUser();

}  // namespace fft
