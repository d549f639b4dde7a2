#pragma once

#include <fft/build/v1/blobs.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Blobs.
class BlobsService final : public build::v1::Blobs::CallbackService {
 public:
  explicit BlobsService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;

  grpc::ServerUnaryReactor* FindMissingBlobs(
      Context* context, const build::v1::FindMissingBlobsRequest* request,
      build::v1::FindMissingBlobsResponse* response) override;
  grpc::ServerReadReactor<build::v1::WriteBlobRequest>* WriteBlob(
      Context* context, build::v1::WriteBlobResponse* response) override;
  grpc::ServerWriteReactor<build::v1::ReadBlobResponse>* ReadBlob(
      Context* context, const build::v1::ReadBlobRequest* request) override;

  Gate& gate_;
};

}  // namespace fft
