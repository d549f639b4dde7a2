#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "client/worker/paths.h"
#include "server/base/status.h"

namespace fft {

/// Makes and removes the folders of runs.  A few that were emptied are kept and used again: ext4
/// renames a folder in a fraction of the time that it takes to make one where others were just
/// removed.  Safe from any thread.
class RunFolders {
 public:
  /// Runs lie in `dir`/runs, spare folders in `dir`/spare.
  explicit RunFolders(const std::string& dir) : spare_(dir + "/spare") {}

  /// Removes what an earlier agent kept.  Before anything else.
  Status Open();
  /// The run's folder and its scratch folder, empty but for lists of an earlier run that are
  /// written anew; whatever lay there is gone.
  Status Make(const RunPlaces& places);
  /// Removes all that the run left, but for its outputs.
  Status Remove(const RunPlaces& places);

 private:
  static constexpr std::size_t kSparesMax = 64;

  std::string TakeSpare();
  bool Keep(const std::string& folder);

  const std::string spare_;
  std::mutex mutex_;
  std::vector<std::string> spares_;
  int last_ = 0;
};

}  // namespace fft
