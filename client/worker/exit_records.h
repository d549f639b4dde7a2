#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "client/worker/record_file.h"
#include "client/worker/records.pb.h"

namespace fft {

/// The exits that no agent has taken over yet, in memory and in DIR/exits, so that they survive the
/// guardian.  Not synced: when the machine dies, the runs are to be done again anyway.  A file that
/// can't be written costs only that survival.  Owned by the guardian's one thread.
class ExitRecords {
 public:
  static StatusOr<ExitRecords> Open(const std::string& path);

  void Add(const worker::Exit& exit);
  void Forget(std::int64_t run);
  /// Writes what was added and forgotten since.
  void Flush();

  bool Contains(std::int64_t run, int turn) const { return exits_.contains({run, turn}); }
  const std::map<std::pair<std::int64_t, int>, worker::Exit>& exits() const { return exits_; }

 private:
  explicit ExitRecords(RecordFile file) : file_(std::move(file)) {}
  RecordFile file_;
  std::map<std::pair<std::int64_t, int>, worker::Exit> exits_;  // by run and turn
};

}  // namespace fft
