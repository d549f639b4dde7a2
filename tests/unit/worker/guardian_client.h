#pragma once

#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "client/worker/fd.h"
#include "client/worker/frames.h"
#include "client/worker/records.pb.h"

namespace fft {

/// A folder for one test, removed at its end.
class TestFolder {
 public:
  TestFolder();
  ~TestFolder();
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string ReadFile(const std::string& path);  // empty: none
void WriteFile(const std::string& path, const std::string& bytes, bool executable = false);

/// A real guardian as a child of the test, and an agent's connection to it.
class GuardianClient {
 public:
  explicit GuardianClient(const std::string& dir, const std::string& orphan_after = "60");
  ~GuardianClient();

  /// A new connection; answers the listing.
  worker::Notice Connect();
  void Disconnect() { socket_.Close(); }
  void Send(const worker::Command& command);
  /// The next notice, waiting for it; an empty one when the connection ended.
  worker::Notice Receive();
  worker::Exit AwaitExit(std::int64_t run);
  worker::Started AwaitStarted(std::int64_t run);

  /// `sh -c script` as a run.
  worker::Start Shell(std::int64_t run, const std::string& script);
  worker::Exit RunShell(std::int64_t run, const std::string& script);

  pid_t pid() const { return pid_; }
  int AwaitEnd();  // wait status of the guardian
  void KillHard();
  std::string FolderOf(std::int64_t run) const;

 private:
  const std::string dir_;
  pid_t pid_ = -1;
  Fd socket_;
  FrameReader reader_;
  std::vector<worker::Started> started_;
  std::vector<worker::Exit> exits_;
};

/// Whether there is such a process that is not a zombie.
bool IsAlive(pid_t pid);

/// Makes a FIFO; reading it to its end waits until every process that has it open for writing
/// ended.
void MakeFifo(const std::string& path);
std::string ReadFifo(const std::string& path);

}  // namespace fft
