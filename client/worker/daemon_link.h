#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/worker/blob_cache.h"
#include "fft/build/v1/workers.pb.h"
#include "server/base/status.h"

namespace fft {

/// The worker's calls to the daemon that leads.  A stream that ends goes on at the one that it
/// named as leader, or, when it could not be reached, at the next.  At most one stream and one
/// write on it at a time.  Safe from any thread; the listener is called on gRPC's threads and must
/// not block or call back.
class DaemonLink final : public BlobSource {
 public:
  struct Listener {
    std::function<void(build::v1::DaemonMessage)> heard;
    std::function<void()> written;      // Send() takes the next message
    std::function<void(Status)> ended;  // the stream: Connect() makes another
  };

  /// `addresses`: unix:/PATH or HOST:PORT, parted by commas.
  DaemonLink(const std::string& addresses, Listener listener);
  ~DaemonLink() override;

  /// Where the next stream goes, or the open one is.
  std::string address() const;
  /// Opens a stream.  Whatever goes wrong with it is told by `ended`.
  void Connect();
  void Disconnect();
  /// The same, and the next stream goes to another daemon, if there is one: this one says nothing.
  void GiveUp();
  /// Ends every call, now and from now on.
  void Stop();
  /// Whether Send() would take a message: there is a stream and no write is under way.
  bool CanSend() const;
  bool Send(build::v1::WorkerMessage message);

  /// Tries again for a minute, as long as nothing came: the daemon, or its PostgreSQL, may be away.
  Status Read(const Digest& digest, const std::function<Status(std::string_view)>& take) override;
  Status PushLog(std::int64_t run, std::int64_t offset, const std::string& bytes);

 private:
  class Stream;
  class Call;
  struct Shared;
  Status ReadOnce(const Digest& digest, const std::function<Status(std::string_view)>& take);
  std::shared_ptr<Shared> shared_;
};

}  // namespace fft
