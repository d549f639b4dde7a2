#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "server/app/loop_thread.h"
#include "server/app/ports.h"

namespace fft {

/// Threads `sources` look what the sources of runs that have ended hold by now.  The results are
/// commands for the loop.  What still waits when this is destroyed is dropped: the worker reports
/// the run again.
class SourceReader {
 public:
  SourceReader(Prober& prober, Inbox& inbox);
  ~SourceReader();

  void Want(std::vector<SourcesWanted> wanted);

 private:
  void Run(const std::stop_token& stop);
  SourcesRead::Found Look(const PlannedSource& source);

  Prober& prober_;
  Inbox& inbox_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<SourcesWanted> wanted_;
  std::vector<std::jthread> threads_;
};

}  // namespace fft
