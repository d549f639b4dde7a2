#pragma once

#include <fft/build/v1/catalog.grpc.pb.h>

#include "server/rpc/gate.h"

namespace fft {

/// fft.build.v1.Catalog.
class CatalogService final : public build::v1::Catalog::WithRawCallbackMethod_WatchEvents<
                                 build::v1::Catalog::CallbackService> {
 public:
  explicit CatalogService(Gate& gate) : gate_(gate) {}

 private:
  using Context = grpc::CallbackServerContext;
  using Unary = grpc::ServerUnaryReactor;

  Unary* GetPartition(Context* context, const build::v1::GetPartitionRequest* request,
                      build::v1::Partition* response) override;
  Unary* ListPartitions(Context* context, const build::v1::ListPartitionsRequest* request,
                        build::v1::ListPartitionsResponse* response) override;
  Unary* ListMaterialisations(Context* context,
                              const build::v1::ListMaterialisationsRequest* request,
                              build::v1::ListMaterialisationsResponse* response) override;
  grpc::ServerWriteReactor<build::v1::GetLineageResponse>* GetLineage(
      Context* context, const build::v1::GetLineageRequest* request) override;
  Unary* ListStale(Context* context, const build::v1::ListStaleRequest* request,
                   build::v1::ListStaleResponse* response) override;
  Unary* TaintPartitions(Context* context, const build::v1::TaintPartitionsRequest* request,
                         build::v1::TaintPartitionsResponse* response) override;
  Unary* AdoptPartitions(Context* context, const build::v1::AdoptPartitionsRequest* request,
                         build::v1::AdoptPartitionsResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* WatchEvents(Context* context,
                                                          const grpc::ByteBuffer* request) override;

  Gate& gate_;
};

}  // namespace fft
