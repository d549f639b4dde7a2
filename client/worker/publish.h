#pragma once

#include <set>
#include <string>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// A checked output that waits in a run's staging folder.
struct StagedOutput {
  std::string ref;
  std::string from;
  std::string to;
  std::vector<std::string> files;    // regular files below `from`, or it
  std::vector<std::string> folders;  // below and with `from`
};

/// Moves `from` to `to` on the same filesystem, making the folders above it.  What was at `to` is
/// replaced atomically; a folder, or a file that gives way to one, is left at `from` then.
/// `changed` gets the folders whose entries changed by that.
///   INVALID_ARGUMENT  `to` can't be a path there: a file lies in its way, a name is too long
///   UNAVAILABLE       anything else: path and errno
Status MoveIntoPlace(const std::string& from, const std::string& to,
                     std::set<std::string>* changed);

/// Makes the bytes below `from` of all of `outputs` durable: file by file for a few, and for many
/// the whole filesystem, once.
Status SyncStaged(const std::vector<const StagedOutput*>& outputs);

/// Makes the entries of `folders`, all on the filesystem of `root`, durable.
Status SyncFolders(const std::set<std::string>& folders, const std::string& root);

/// Removes a file or a folder with all that is in it.  Missing is fine.
Status RemoveAll(const std::string& path);

/// mkdir -p.  `changed`, when there, gets the folders in which one was made.
Status MakeFolders(const std::string& path, std::set<std::string>* changed = nullptr);

}  // namespace fft
