#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>
#include <grpcpp/grpcpp.h>

#include "fft/build/v1/blobs.grpc.pb.h"
#include "fft/build/v1/builds.grpc.pb.h"
#include "server/base/digest.h"
#include "tests/support/temporary_folder.h"

namespace fft {

/// An error as the daemon sends it: with a reason, and with a delay when it is to be tried again.
inline grpc::Status RichError(grpc::StatusCode code, const std::string& text,
                              const std::string& reason, int retry_ms = 0,
                              const std::string& address = "") {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain("fft.build");
  (*info.mutable_metadata())["culprit"] = "it";
  if (!address.empty()) (*info.mutable_metadata())["address"] = address;
  google::rpc::Status rich;
  rich.set_code(code);
  rich.set_message(text);
  rich.add_details()->PackFrom(info);
  if (retry_ms > 0) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_ms / 1000);
    retry.mutable_retry_delay()->set_nanos(retry_ms % 1000 * 1'000'000);
    rich.add_details()->PackFrom(retry);
  }
  return {code, text, rich.SerializeAsString()};
}

/// Answers what the test tells it to, on a socket in a folder of its own.
class FakeDaemon final : public build::v1::Builds::Service {
 public:
  using Watched = grpc::ServerWriter<build::v1::WatchResponse>;

  FakeDaemon() { Start(); }
  ~FakeDaemon() override { Stop(); }

  void Start() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    builder.RegisterService(&blobs);
    server_ = builder.BuildAndStart();
  }
  void Stop() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  std::string address() const { return "unix:" + folder_ / "fftd.sock"; }

  grpc::Status CreateBuild(grpc::ServerContext* context,
                           const build::v1::CreateBuildRequest* request,
                           build::v1::Build* reply) override {
    const auto principal = context->client_metadata().find("fft-principal");
    if (principal != context->client_metadata().end())
      reply->set_principal({principal->second.data(), principal->second.size()});
    return on_create(*request, *reply);
  }
  grpc::Status ListBuilds(grpc::ServerContext*, const build::v1::ListBuildsRequest* request,
                          build::v1::ListBuildsResponse* reply) override {
    return on_list(*request, *reply);
  }
  grpc::Status WatchBuild(grpc::ServerContext* context, const build::v1::WatchBuildRequest* request,
                          Watched* stream) override {
    return on_watch(*request, *stream, *context);
  }

  grpc::Status CancelBuild(grpc::ServerContext*, const build::v1::CancelBuildRequest* request,
                           build::v1::CancelBuildResponse* reply) override {
    cancelled.push_back(request->id());
    reply->mutable_build()->set_id(request->id());
    reply->mutable_build()->set_state(build::v1::BUILD_CANCELLED);
    return grpc::Status::OK;
  }

  /// Keeps blobs in memory, and refuses those that are not what they are said to be.
  class BlobStore final : public build::v1::Blobs::Service {
   public:
    grpc::Status FindMissingBlobs(grpc::ServerContext*,
                                  const build::v1::FindMissingBlobsRequest* request,
                                  build::v1::FindMissingBlobsResponse* reply) override {
      for (const std::string& digest : request->digests())
        if (!kept.contains(digest)) reply->add_digests(digest);
      return grpc::Status::OK;
    }
    grpc::Status WriteBlob(grpc::ServerContext*,
                           grpc::ServerReader<build::v1::WriteBlobRequest>* stream,
                           build::v1::WriteBlobResponse* reply) override {
      build::v1::WriteBlobRequest message;
      std::string digest, data;
      while (stream->Read(&message)) {
        if (digest.empty()) digest = message.digest();
        data += message.data();
        ++messages;
      }
      if (Sha256(data).view() != digest)
        return RichError(grpc::StatusCode::INVALID_ARGUMENT, "another digest", "DIGEST_MISMATCH");
      reply->set_size_bytes(static_cast<std::int64_t>(data.size()));
      kept[digest] = data;
      return grpc::Status::OK;
    }
    std::map<std::string, std::string> kept;
    int messages = 0;
  };

  std::function<grpc::Status(const build::v1::CreateBuildRequest&, build::v1::Build&)> on_create;
  std::function<grpc::Status(const build::v1::ListBuildsRequest&, build::v1::ListBuildsResponse&)>
      on_list;
  std::function<grpc::Status(const build::v1::WatchBuildRequest&, Watched&, grpc::ServerContext&)>
      on_watch;
  BlobStore blobs;
  std::vector<std::int64_t> cancelled;

 private:
  TemporaryFolder folder_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace fft
