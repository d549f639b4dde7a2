#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include <fft/build/v1/blobs.pb.h>

#include "server/base/digest.h"
#include "server/rpc/inflow.h"
#include "server/rpc/outflow.h"

namespace fft {

/// A share of the memory that blobs in transit may take together.  Gives it back at its end.
class BlobShare {
 public:
  static constexpr std::int64_t kAllMax = 512LL << 20;

  explicit BlobShare(std::atomic<std::int64_t>& all) : all_(all) {}
  ~BlobShare() { all_ -= mine_; }
  BlobShare(const BlobShare&) = delete;
  BlobShare& operator=(const BlobShare&) = delete;
  /// RESOURCE_EXHAUSTED: ask again when others are through.
  Status Grow(std::int64_t bytes);

 private:
  std::atomic<std::int64_t>& all_;
  std::int64_t mine_ = 0;
};

/// Blobs.WriteBlob: gathers, compares digests, writes once.
class BlobWrite final : public Inflow<build::v1::WriteBlobRequest> {
 public:
  BlobWrite(Gate& gate, grpc::CallbackServerContext* context,
            build::v1::WriteBlobResponse* response);

 private:
  void Take() override;
  void Ended() override;
  Status Check();

  build::v1::WriteBlobResponse* const response_;
  Digest digest_;
  Sha256Stream seen_;
  std::string data_;
  BlobShare share_;
};

/// Blobs.ReadBlob: in chunks of 1 MiB.
class BlobRead final : public Outflow<build::v1::ReadBlobResponse> {
 public:
  BlobRead(Gate& gate, const Digest& digest);

 private:
  void Step() override;

  const Digest digest_;
  std::string data_;
  std::size_t sent_ = 0;
  bool is_read_ = false;
  BlobShare share_;
};

}  // namespace fft
