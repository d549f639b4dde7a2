#pragma once

#include <cstdint>

#include <fft/build/v1/nodes.pb.h>

#include "server/rpc/outflow.h"

namespace fft {

/// Runs.TailLogs: what is there, then, when following, what comes until the run has ended.  Between
/// two reads it is parked in the log hub.
class LogTail final : public Outflow<build::v1::TailLogsResponse>, private LogHub::Follower {
 public:
  LogTail(Gate& gate, RunId run, std::int64_t offset, bool is_following);
  ~LogTail() override;

 private:
  void Step() override;
  void Interrupted() override;
  void WakeUp() override;
  void Read(Library& library, std::int64_t version);

  const RunId run_;
  std::int64_t offset_;
  const bool is_following_;
};

}  // namespace fft
