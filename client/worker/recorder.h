#pragma once

#include <functional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "client/worker/journal.h"
#include "client/worker/lease_watch.h"
#include "client/worker/publish.h"
#include "server/base/bounded_queue.h"

namespace fft {

/// An outcome on its way to the disk.
struct Ending {
  build::v1::RunReport report;
  std::vector<StagedOutput> staged;  // of one that succeeded
  std::string root;
  bool is_resumed = false;  // an earlier agent had begun to move
};

/// Moves outputs into place while their leases hold, then records outcomes; all that wait share the
/// syncs.  One thread of its own.  Outputs are durable before they are moved, their places before
/// the outcome is recorded, and the outcome before anybody is told.  A run whose lease does not
/// hold is handed back, with what was moved so far.
class Recorder {
 public:
  /// Both are called on the recorder's thread.
  struct Listener {
    std::function<void(std::vector<build::v1::RunReport>)> recorded;
    std::function<void(std::vector<Ending>)> parked;
  };

  Recorder(Journal& journal, LeaseWatch& leases, Listener listener);
  ~Recorder();

  void Add(std::vector<Ending> endings);

 private:
  void Work();
  void Record(std::vector<Ending> batch);
  void SyncData(std::vector<Ending>* batch);
  void MoveAll(Ending* ending, std::vector<Ending>* parked, std::set<std::string>* changed);

  Journal& journal_;
  LeaseWatch& leases_;
  const Listener listener_;
  BoundedQueue<Ending> queue_{SIZE_MAX};
  std::jthread thread_;
};

}  // namespace fft
