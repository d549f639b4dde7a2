#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "fft/build/v1/workers.pb.h"

namespace fft {

/// Workers and Blobs as a worker sees them, in this process.  The test says what the daemon says
/// and waits for what the worker says.  Safe from any thread.
class FakeDaemon {
 public:
  /// Listens at `address` (unix:/PATH).
  explicit FakeDaemon(const std::string& address);
  ~FakeDaemon();

  void AddBlob(const std::string& bytes);
  /// So many attempts to read a blob find the daemon's database away.
  void FailBlobs(int times);
  int blob_failures_left();
  /// Of the next connections.
  void SetWelcome(int heartbeat_ms, int lease_ms, int orphan_ms, std::int64_t epoch = 1);
  /// Whether runs that a hello holds are adopted at once.
  void SetAdopting(bool adopting);
  void SetAcknowledging(bool acknowledging);
  /// Heartbeats are not answered.
  void SetSilent(bool silent);

  void Say(const build::v1::DaemonMessage& message);
  void Grant(const build::v1::Grant& grant);
  /// Ends the worker's stream.
  void Hang();

  build::v1::RunReport AwaitReport(std::int64_t run);
  void AwaitStarted(std::int64_t run);
  /// The n-th hello, from 1.
  build::v1::WorkerHello AwaitHello(int n);
  std::string AwaitLog(std::int64_t run, const std::string& wanted);
  int ReportsOf(std::int64_t run);
  /// For conditions of Wait(), which hold the lock.
  int CountReports(std::int64_t run) const;
  std::size_t reports();
  std::size_t CountReported() const { return reports_.size(); }  // as CountReports()
  void Wait(const std::function<bool()>& condition);

 private:
  friend class FakeWorkers;
  friend class FakeBlobs;
  friend class FakeStream;
  struct Server;
  void Hear(const build::v1::WorkerMessage& message);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> blobs_;
  int blob_failures_ = 0;
  std::map<std::int64_t, std::vector<build::v1::RunReport>> reports_;
  std::map<std::int64_t, std::string> logs_;
  std::vector<std::int64_t> started_;
  std::vector<build::v1::WorkerHello> hellos_;
  std::vector<build::v1::DaemonMessage> to_say_;
  build::v1::Welcome welcome_;
  std::int64_t epoch_ = 1;
  bool is_adopting_ = true, is_acknowledging_ = true, is_silent_ = false, is_hanging_up_ = false;
  bool is_closed_ = false;
  std::unique_ptr<Server> server_;
};

}  // namespace fft
