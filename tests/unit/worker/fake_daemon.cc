#include "fake_daemon.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include <grpcpp/grpcpp.h>

#include "client/worker/times.h"
#include "fft/build/v1/blobs.grpc.pb.h"
#include "fft/build/v1/workers.grpc.pb.h"
#include "server/base/check.h"
#include "server/base/digest.h"

namespace fft {

namespace v1 = build::v1;

class FakeWorkers final : public v1::Workers::Service {
 public:
  explicit FakeWorkers(FakeDaemon& daemon) : daemon_(daemon) {}

  grpc::Status Connect(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::DaemonMessage, v1::WorkerMessage>* stream) override {
    bool is_over = false;
    std::jthread writer([&] { Write(context, stream, &is_over); });
    v1::WorkerMessage message;
    while (stream->Read(&message)) daemon_.Hear(message);
    const std::lock_guard lock(daemon_.mutex_);
    is_over = true;
    daemon_.changed_.notify_all();
    return grpc::Status::OK;
  }

  grpc::Status PushLogs(grpc::ServerContext*, grpc::ServerReader<v1::PushLogsRequest>* reader,
                        v1::PushLogsResponse*) override {
    v1::PushLogsRequest request;
    while (reader->Read(&request)) {
      const std::lock_guard lock(daemon_.mutex_);
      std::string& log = daemon_.logs_[request.run()];
      const auto at = static_cast<std::size_t>(request.offset());
      if (at <= log.size()) log = log.substr(0, at) + request.data();
      daemon_.changed_.notify_all();
    }
    return grpc::Status::OK;
  }

 private:
  void Write(grpc::ServerContext* context,
             grpc::ServerReaderWriter<v1::DaemonMessage, v1::WorkerMessage>* stream,
             const bool* is_over) {
    std::unique_lock lock(daemon_.mutex_);
    while (true) {
      daemon_.changed_.wait(lock, [&] {
        return *is_over || !daemon_.to_say_.empty() || daemon_.is_hanging_up_ || daemon_.is_closed_;
      });
      if (daemon_.is_hanging_up_ || daemon_.is_closed_) {
        daemon_.is_hanging_up_ = false;
        context->TryCancel();
        return;
      }
      if (*is_over) return;
      std::vector<v1::DaemonMessage> messages;
      messages.swap(daemon_.to_say_);
      lock.unlock();
      for (const v1::DaemonMessage& message : messages) stream->Write(message);
      lock.lock();
    }
  }

  FakeDaemon& daemon_;
};

class FakeBlobs final : public v1::Blobs::Service {
 public:
  explicit FakeBlobs(FakeDaemon& daemon) : daemon_(daemon) {}

  grpc::Status ReadBlob(grpc::ServerContext*, const v1::ReadBlobRequest* request,
                        grpc::ServerWriter<v1::ReadBlobResponse>* writer) override {
    std::string bytes;
    {
      const std::lock_guard lock(daemon_.mutex_);
      if (daemon_.blob_failures_ > 0) {
        --daemon_.blob_failures_;
        return {grpc::StatusCode::UNAVAILABLE, "the database is away"};
      }
      const auto it = daemon_.blobs_.find(request->digest());
      if (it == daemon_.blobs_.end()) return {grpc::StatusCode::NOT_FOUND, "no such blob"};
      bytes = it->second;
    }
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      v1::ReadBlobResponse response;
      response.set_data(bytes.substr(at, 7));
      writer->Write(response);
    }
    return grpc::Status::OK;
  }

 private:
  FakeDaemon& daemon_;
};

struct FakeDaemon::Server {
  explicit Server(FakeDaemon& daemon) : workers(daemon), blobs(daemon) {}
  FakeWorkers workers;
  FakeBlobs blobs;
  std::unique_ptr<grpc::Server> server;
};

FakeDaemon::FakeDaemon(const std::string& address) : server_(std::make_unique<Server>(*this)) {
  SetWelcome(1'000, 15'000, 60'000);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&server_->workers);
  builder.RegisterService(&server_->blobs);
  server_->server = builder.BuildAndStart();
  FFT_CHECK(server_->server != nullptr);
}

FakeDaemon::~FakeDaemon() {
  {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }
  server_->server->Shutdown(std::chrono::system_clock::now());
}

void FakeDaemon::AddBlob(const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  blobs_[std::string(Sha256(bytes).view())] = bytes;
}

void FakeDaemon::FailBlobs(int times) {
  const std::lock_guard lock(mutex_);
  blob_failures_ = times;
}

int FakeDaemon::blob_failures_left() {
  const std::lock_guard lock(mutex_);
  return blob_failures_;
}

void FakeDaemon::SetWelcome(int heartbeat_ms, int lease_ms, int orphan_ms, std::int64_t epoch) {
  const auto set = [](int ms, google::protobuf::Duration* d) {
    d->set_seconds(ms / 1000);
    d->set_nanos(ms % 1000 * 1'000'000);
  };
  const std::lock_guard lock(mutex_);
  welcome_.set_worker(1);
  set(heartbeat_ms, welcome_.mutable_heartbeat_every());
  set(lease_ms, welcome_.mutable_lease_length());
  set(orphan_ms, welcome_.mutable_orphan_after());
  epoch_ = epoch;
}

void FakeDaemon::SetAdopting(bool adopting) {
  const std::lock_guard lock(mutex_);
  is_adopting_ = adopting;
}

void FakeDaemon::SetAcknowledging(bool acknowledging) {
  const std::lock_guard lock(mutex_);
  is_acknowledging_ = acknowledging;
}

void FakeDaemon::SetSilent(bool silent) {
  const std::lock_guard lock(mutex_);
  is_silent_ = silent;
}

void FakeDaemon::Hear(const v1::WorkerMessage& message) {
  const std::lock_guard lock(mutex_);
  v1::DaemonMessage answer;
  answer.set_epoch(epoch_);
  bool has_answer = message.heartbeat() && !is_silent_;
  answer.set_heartbeat(has_answer);
  if (message.has_hello()) {
    hellos_.push_back(message.hello());
    to_say_.clear();
    *answer.mutable_welcome() = welcome_;
    for (const std::int64_t run : message.hello().held()) {
      if (is_adopting_) answer.add_adopted(run);
    }
    has_answer = !is_silent_;
  }
  for (const v1::RunStarted& started : message.started()) started_.push_back(started.run());
  for (const v1::RunReport& report : message.reports()) {
    reports_[report.run()].push_back(report);
    if (!is_acknowledging_) continue;
    answer.add_acknowledged(report.run());
    has_answer = true;
  }
  if (has_answer) to_say_.push_back(answer);
  changed_.notify_all();
}

void FakeDaemon::Say(const v1::DaemonMessage& message) {
  const std::lock_guard lock(mutex_);
  to_say_.push_back(message);
  if (message.epoch() == 0) to_say_.back().set_epoch(epoch_);
  changed_.notify_all();
}

void FakeDaemon::Grant(const v1::Grant& grant) {
  v1::DaemonMessage message;
  *message.add_grants() = grant;
  Say(message);
}

void FakeDaemon::Hang() {
  const std::lock_guard lock(mutex_);
  is_hanging_up_ = true;
  changed_.notify_all();
}

void FakeDaemon::Wait(const std::function<bool()>& condition) {
  std::unique_lock lock(mutex_);
  const bool came = changed_.wait_for(lock, std::chrono::seconds(30), condition);
  // Not a check: what the test started is to be ended.
  if (!came) throw std::runtime_error("the worker did not do what was awaited");
}

v1::RunReport FakeDaemon::AwaitReport(std::int64_t run) {
  Wait([&] { return reports_.contains(run); });
  const std::lock_guard lock(mutex_);
  return reports_[run].front();
}

void FakeDaemon::AwaitStarted(std::int64_t run) {
  Wait([&] { return std::find(started_.begin(), started_.end(), run) != started_.end(); });
}

v1::WorkerHello FakeDaemon::AwaitHello(int n) {
  const auto count = static_cast<std::size_t>(n);
  Wait([&] { return hellos_.size() >= count; });
  const std::lock_guard lock(mutex_);
  return hellos_[count - 1];
}

std::string FakeDaemon::AwaitLog(std::int64_t run, const std::string& wanted) {
  Wait([&] { return logs_.contains(run) && logs_[run].find(wanted) != std::string::npos; });
  const std::lock_guard lock(mutex_);
  return logs_[run];
}

int FakeDaemon::ReportsOf(std::int64_t run) {
  const std::lock_guard lock(mutex_);
  return CountReports(run);
}

int FakeDaemon::CountReports(std::int64_t run) const {
  const auto it = reports_.find(run);
  return it == reports_.end() ? 0 : static_cast<int>(it->second.size());
}

std::size_t FakeDaemon::reports() {
  const std::lock_guard lock(mutex_);
  return reports_.size();
}

}  // namespace fft
