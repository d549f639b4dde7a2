#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/app/observer.h"
#include "server/base/status.h"

namespace fft {

/// Counts what the daemon does and shows it to Prometheus.
///
/// Safe from any thread; a call costs an atomic add or a short lock of its own, no look-up.  Every
/// series whose labels are known beforehand exists from the start with 0, so that a rate over it is
/// never missing.  docs/operations.md lists all metrics.
class Metrics final : public Observer {
 public:
  explicit Metrics(const std::string& version);
  ~Metrics() override;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// Serves `/metrics` at `address` (`127.0.0.1:9464`; port 0: any free one) until destroyed, on
  /// two threads of its own.  Once.  UNAVAILABLE names the address that is taken or not ours.
  Status Listen(const std::string& address);
  /// The port after Listen(); 0 before.
  int port() const;
  /// All metrics in Prometheus's text format 0.0.4.
  std::string Text() const;

  /// A call of `method` (`fft.build.v1.Builds/CreateBuild`) ended with `code` (`OK`, `NOT_FOUND`).
  /// Only methods that exist: each becomes a series.
  void CallEnded(std::string_view method, std::string_view code, Micros duration);

  void Committed(std::int64_t rows, Micros duration) override;
  void CommitFailed() override;
  void BuildStarted(Micros since_submit) override;
  void NodeStarted(Micros since_ready) override;
  void RunEnded(Outcome outcome, Micros duration) override;
  void LateReportRefused() override;
  void Hits(Reason reason, std::int64_t count) override;
  void Joined(std::int64_t count) override;
  void Computed(const Accounts& accounts) override;
  void Planned(std::int64_t nodes, Micros duration) override;
  void Queue(const QueueDepth& depth) override;
  void Workers(const WorkerLoad& load) override;
  void Watchers(std::int64_t count, std::int64_t lag) override;
  void Leading(bool is_leading) override;

 private:
  struct Series;
  std::unique_ptr<Series> series_;
};

}  // namespace fft
