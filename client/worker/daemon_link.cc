#include "client/worker/daemon_link.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

#include <grpcpp/grpcpp.h>

#include "client/lib/backoff.h"
#include "client/lib/route.h"
#include "fft/build/v1/blobs.grpc.pb.h"
#include "fft/build/v1/workers.grpc.pb.h"

namespace fft {
namespace {

namespace v1 = build::v1;

constexpr Duration kBlobPatience{60'000};

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return Ok();
  return Error(static_cast<Code>(status.error_code()), "{}", status.error_message());
}

}  // namespace

struct DaemonLink::Shared {
  Shared(const std::string& addresses, Listener l) : listener(std::move(l)), route(addresses) {}

  const Listener listener;
  Route route;
  std::mutex mutex;
  std::condition_variable done;
  std::shared_ptr<Stream> stream;
  std::set<grpc::ClientContext*> calls;    // that block a thread of ours
  bool is_open = false;                    // the stream, until gRPC and we have let it go
  std::shared_ptr<grpc::Channel> retired;  // of the last stream
  bool is_stopped = false;
};

/// A blocking call's context: it ends at its deadline or with the link.
class DaemonLink::Call {
 public:
  Call(Shared& shared, std::chrono::seconds timeout) : shared_(shared) {
    context.set_deadline(std::chrono::system_clock::now() + timeout);
    const std::lock_guard lock(shared_.mutex);
    shared_.calls.insert(&context);
    if (shared_.is_stopped) context.TryCancel();
  }
  ~Call() {
    const std::lock_guard lock(shared_.mutex);
    shared_.calls.erase(&context);
  }
  grpc::ClientContext context;

 private:
  Shared& shared_;
};

/// One stream, alive until gRPC is done with it.  A hold keeps it so while reads go on, which is
/// what lets the loop write from outside a reaction.
class DaemonLink::Stream final
    : public grpc::ClientBidiReactor<v1::WorkerMessage, v1::DaemonMessage> {
 public:
  explicit Stream(Shared& shared)
      : shared_(shared), channel_(shared.route.channel()), stub_(channel_) {}

  void Start() {
    stub_.async()->Connect(&context_, this);
    AddHold();
    StartRead(&in_);
    StartCall();
  }

  bool Write(v1::WorkerMessage message) {
    const std::lock_guard lock(mutex_);
    if (is_broken_ || is_writing_) return false;
    is_writing_ = true;
    out_ = std::move(message);
    StartWrite(&out_);
    return true;
  }

  bool is_ready() {
    const std::lock_guard lock(mutex_);
    return !is_broken_ && !is_writing_;
  }

  void Cancel() { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (ok) {
      shared_.listener.heard(std::move(in_));
      in_.Clear();
      StartRead(&in_);
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      is_broken_ = true;
    }
    RemoveHold();
  }

  void OnWriteDone(bool ok) override {
    {
      const std::lock_guard lock(mutex_);
      is_writing_ = false;
      is_broken_ = is_broken_ || !ok;
    }
    if (ok) shared_.listener.written();
  }

  void OnDone(const grpc::Status& status) override {
    Shared& shared = shared_;
    if (!status.ok()) shared.route.Turn(Decode(status));
    shared.listener.ended(FromGrpc(status));
    std::shared_ptr<Stream> self;
    {
      const std::lock_guard lock(shared.mutex);
      self.swap(shared.stream);
    }
    // The last reference to a channel must not go on gRPC's own thread, which would have to wait
    // for itself: the link drops it.
    std::shared_ptr<grpc::Channel> channel = channel_;
    self.reset();
    const std::lock_guard lock(shared.mutex);
    shared.retired = std::move(channel);
    shared.is_open = false;
    shared.done.notify_all();
  }

 private:
  Shared& shared_;
  const std::shared_ptr<grpc::Channel> channel_;
  v1::Workers::Stub stub_;
  grpc::ClientContext context_;
  v1::DaemonMessage in_;
  std::mutex mutex_;
  v1::WorkerMessage out_;
  bool is_writing_ = false;
  bool is_broken_ = false;
};

DaemonLink::DaemonLink(const std::string& addresses, Listener listener)
    : shared_(std::make_shared<Shared>(addresses, std::move(listener))) {}

std::string DaemonLink::address() const { return shared_->route.address(); }

DaemonLink::~DaemonLink() {
  Stop();
  std::shared_ptr<grpc::Channel> retired;
  std::unique_lock lock(shared_->mutex);
  shared_->done.wait(lock, [this] { return !shared_->is_open; });
  retired.swap(shared_->retired);
}

void DaemonLink::Connect() {
  std::shared_ptr<Stream> stream;
  std::shared_ptr<grpc::Channel> retired;
  {
    std::unique_lock lock(shared_->mutex);
    // The one before has told its end and is about to let go.
    shared_->done.wait(lock, [this] { return !shared_->is_open; });
    shared_->is_open = true;
    retired.swap(shared_->retired);
    stream = shared_->stream = std::make_shared<Stream>(*shared_);
  }
  stream->Start();
}

void DaemonLink::Stop() {
  Disconnect();
  const std::lock_guard lock(shared_->mutex);
  shared_->is_stopped = true;
  shared_->done.notify_all();
  for (grpc::ClientContext* context : shared_->calls) context->TryCancel();
}

void DaemonLink::Disconnect() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->stream) shared_->stream->Cancel();
}

void DaemonLink::GiveUp() {
  shared_->route.Turn({.status = Error(Code::kUnavailable, "it says nothing"), .retry_after = {}});
  Disconnect();
}

bool DaemonLink::CanSend() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->stream && shared_->stream->is_ready();
}

bool DaemonLink::Send(v1::WorkerMessage message) {
  std::shared_ptr<Stream> stream;
  {
    const std::lock_guard lock(shared_->mutex);
    stream = shared_->stream;
  }
  return stream && stream->Write(std::move(message));
}

Status DaemonLink::Read(const Digest& digest, const std::function<Status(std::string_view)>& take) {
  Backoff backoff(kBlobPatience);
  while (true) {
    bool has_begun = false;
    Status read = ReadOnce(digest, [&](std::string_view bytes) {
      has_begun = true;
      return take(bytes);
    });
    if (read.code() != Code::kUnavailable || has_begun) return read;
    const auto wait = backoff.Next({}, digest.bytes.front() / 255.0);
    if (!wait) return read;
    std::unique_lock lock(shared_->mutex);
    if (shared_->done.wait_for(lock, *wait, [this] { return shared_->is_stopped; })) return read;
  }
}

Status DaemonLink::ReadOnce(const Digest& digest,
                            const std::function<Status(std::string_view)>& take) {
  Call call(*shared_, std::chrono::seconds(300));
  v1::ReadBlobRequest request;
  request.set_digest(std::string(digest.view()));
  v1::Blobs::Stub blobs(shared_->route.channel());
  const auto reader = blobs.ReadBlob(&call.context, request);
  v1::ReadBlobResponse response;
  Status taken = Ok();
  while (taken.ok() && reader->Read(&response)) taken = take(response.data());
  if (!taken.ok()) call.context.TryCancel();
  const Status ended = FromGrpc(reader->Finish());
  return taken.ok() ? ended : taken;
}

Status DaemonLink::PushLog(std::int64_t run, std::int64_t offset, const std::string& bytes) {
  Call call(*shared_, std::chrono::seconds(10));
  v1::PushLogsRequest request;
  request.set_run(run);
  request.set_offset(offset);
  request.set_data(bytes);
  v1::PushLogsResponse response;
  v1::Workers::Stub workers(shared_->route.channel());
  const auto writer = workers.PushLogs(&call.context, &response);
  writer->WriteLast(request, grpc::WriteOptions());
  return FromGrpc(writer->Finish());
}

}  // namespace fft
