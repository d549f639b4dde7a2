#pragma once

#include <string>
#include <vector>

#include "client/worker/fd.h"
#include "client/worker/frames.h"
#include "client/worker/records.pb.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

/// The agent's end of the guardian's socket.  The agent loop's, but for StartGuardian().
class GuardianLink {
 public:
  explicit GuardianLink(std::string dir) : dir_(std::move(dir)) {}

  /// Connects and greets; the listing comes as a notice.  UNAVAILABLE: nobody listens.
  Status Open(Duration orphan_after, int slots);
  void Close();
  bool is_open() const { return static_cast<bool>(socket_); }
  int fd() const { return socket_.get(); }
  bool wants_to_write() const { return !to_guardian_.empty(); }

  void Send(const worker::Command& command);
  void Flush();
  /// Adds what has come to `notices`.  False: the guardian is gone, and the link closed.
  bool Read(std::vector<worker::Notice>* notices);

 private:
  const std::string dir_;
  Fd socket_;
  FrameReader reader_;
  std::string to_guardian_;
};

/// Whether a guardian lives that has the folder.
bool HasGuardian(const std::string& dir);

/// Starts `program guardian`, which detaches itself, and waits until it listens.
Status StartGuardian(const std::string& program, const std::string& dir, Duration orphan_after);

}  // namespace fft
