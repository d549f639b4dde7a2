#pragma once

#include <string>
#include <vector>

#include "server/base/status.h"
#include "server/config/config.h"
#include "server/daemon/signals.h"

namespace fft {

struct DevOptions {
  Config config;  // `data_dir` and `listen` may be empty: the defaults
  int slots = 2;
};

/// What `fftd dev` has for defaults where they differ from the server's.
Config DevDefaults();

/// `config.data_dir`, or the default.
std::string DevDataDir(const Config& config);

/// The URI of the database for people's relations.  NOT_FOUND: fftd dev never ran there.
StatusOr<std::string> DevWarehouse(const std::string& data_dir);

/// Runs PostgreSQL, daemon and worker in one folder until a signal comes, then stops them: running
/// jobs go on under the worker's guardian for a while.  A second signal ends the process at once
/// and leaves PostgreSQL and worker to the next one.
///   FAILED_PRECONDITION  another daemon works in the folder
Status RunDev(const DevOptions& options, const Signals& signals);

/// Starts this program once more with `arguments`, as a daemon whose log is `fftd.log` in the data
/// folder, and returns when it serves, with what it says to people.  One that runs already is left
/// alone if it is this very program, else replaced.
StatusOr<std::string> RunInBackground(const std::string& data_dir,
                                      std::vector<std::string> arguments);

/// Ends the daemon of a data folder and waits for it.  NOT_FOUND when there is none.
Status StopDev(const std::string& data_dir);

}  // namespace fft
