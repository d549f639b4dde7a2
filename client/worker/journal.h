#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/worker/record_file.h"
#include "client/worker/records.pb.h"
#include "server/base/status.h"

namespace fft {

/// A grant as it is written down: without its secrets, and without texts that the daemon has.
build::v1::Grant Written(build::v1::Grant grant);

/// What the agent knows of a run that it was granted and that the daemon has not acknowledged.
struct JournaledRun {
  build::v1::Grant grant;
  bool lacks_secrets = false;  // that it was granted with: they went with the agent
  std::string guardian;        // the instance that would run it
  std::shared_ptr<build::v1::RunReport> publishing;  // what was about to be moved into place
  std::shared_ptr<build::v1::RunReport> ended;
};

/// The agent's memory beyond its death: DIR/journal.  Everything written survives `kill -9` of the
/// agent; what was synced survives the machine.  Safe from any thread; Sync() is the recorder's.
/// A write that fails is logged and loses only that survival.
class Journal {
 public:
  /// `runs` gets what is not forgotten; `is_same_boot`: whether the machine has run on since.
  static StatusOr<std::unique_ptr<Journal>> Open(const std::string& path,
                                                 std::map<std::int64_t, JournaledRun>* runs,
                                                 bool* is_same_boot);

  // These gather; Flush() writes.  Secrets of a grant are left out.
  void Granted(const build::v1::Grant& grant, const std::string& guardian);
  void Publishing(const build::v1::RunReport& report);
  void Ended(const build::v1::RunReport& report);
  void Forgotten(std::int64_t run);
  void Flush();

  /// Makes durable what was flushed; shortens the file when most of it is forgotten.
  void Sync();

 private:
  explicit Journal(RecordFile file) : file_(std::move(file)) {}
  void Add(std::int64_t run, const worker::JournalEntry& entry);
  void Shorten();

  std::mutex mutex_;
  RecordFile file_;
  std::map<std::int64_t, std::vector<std::string>> live_;  // entries by run
  std::int64_t live_bytes_ = 0;
};

}  // namespace fft
