#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

#include "fake_daemon.h"
#include "guardian_client.h"

namespace fft {

/// A real `fft-worker agent` as a child of the test.
class AgentProcess {
 public:
  AgentProcess(const std::string& dir, const std::string& daemon, int slots = 2);
  /// Kills runs, guardian and agent.
  ~AgentProcess();
  void KillHard();
  /// Wait status after `signal`.
  int End(int signal);

 private:
  const std::string dir_;
  pid_t pid_ = -1;
};

/// The guardian that has `dir`; 0: none.
pid_t GuardianOf(const std::string& dir);

/// A daemon, an agent, a root for outputs, and a shell script as job.
class WorkerWorld {
 public:
  explicit WorkerWorld(int slots = 2);
  /// A grant of `script` (a whole program); its blob is put where the worker finds it.
  build::v1::Grant Job(std::int64_t run, const std::string& script,
                       const std::vector<std::string>& outputs = {});
  build::v1::RunReport RunJob(std::int64_t run, const std::string& script,
                              const std::vector<std::string>& outputs = {});
  std::string Output(const std::string& ref) const { return ReadFile(dir / ("root/" + ref)); }
  std::string address() const { return "unix:" + (dir / "daemon.sock"); }
  std::string worker_dir() const { return dir / "worker"; }

  TestFolder dir;
  FakeDaemon daemon;
  AgentProcess agent;
};

}  // namespace fft
