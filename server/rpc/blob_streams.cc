#include "server/rpc/blob_streams.h"

#include <algorithm>
#include <utility>

#include "server/base/error_details.h"
#include "server/rpc/fields.h"

namespace fft {

Status BlobShare::Grow(std::int64_t bytes) {
  if (all_ + bytes > kAllMax)
    return WithDetails(
        Error(Code::kResourceExhausted, "blobs in transit take {} bytes already", all_.load()),
        {.reason = "BLOBS_IN_TRANSIT", .metadata = {}, .fields = {}});
  all_ += bytes;
  mine_ += bytes;
  return Ok();
}

BlobWrite::BlobWrite(Gate& gate, grpc::CallbackServerContext* context,
                     build::v1::WriteBlobResponse* response)
    : Inflow(gate, context, "Blobs.WriteBlob"), response_(response), share_(gate.blob_bytes()) {}

Status BlobWrite::Check() {
  Fields fields;
  const build::v1::WriteBlobRequest& request = message();
  if (!digest_ || !request.digest().empty()) {
    const Digest digest = fields.Raw("digest", request.digest());
    if (fields.ok() && digest_ && digest != digest_)
      fields.Add("digest", "differs from the first message's");
    if (!digest_) digest_ = digest;
  }
  if (fields.ok() && static_cast<std::int64_t>(data_.size() + request.data().size()) > kBlobMax)
    fields.Add("data", "takes more than 64 MiB");
  if (!fields.ok()) return fields.status();
  return share_.Grow(static_cast<std::int64_t>(request.data().size()));
}

void BlobWrite::Take() {
  if (const Status checked = Check(); !checked.ok()) return Close(checked);
  seen_.Update(message().data());
  data_ += message().data();
  Next();
}

void BlobWrite::Ended() {
  if (!digest_) return Close(InvalidField("digest", "was not given"));
  const Digest seen = seen_.Finish();
  if (seen != digest_)
    return Close(WithDetails(Error(Code::kInvalidArgument, "the data of blob {} has digest {}",
                                   ToHex(digest_), ToHex(seen)),
                             {.reason = "DIGEST_MISMATCH",
                              .metadata = {{"expected", ToHex(digest_)}, {"actual", ToHex(seen)}},
                              .fields = {{"digest", "is not that of the data"}}}));
  ReadLater([this](Library& library) {
    const Status written = library.WriteBlob(digest_, data_);
    if (written.ok()) {
      response_->set_size_bytes(static_cast<std::int64_t>(data_.size()));
      gate().service().KeepText(digest_, data_);
    }
    Close(written);
  });
}

BlobRead::BlobRead(Gate& gate, const Digest& digest)
    : Outflow(gate, "Blobs.ReadBlob"), digest_(digest), share_(gate.blob_bytes()) {}

void BlobRead::Step() {
  if (!is_read_)
    return ReadLater([this](Library& library) {
      auto data = library.ReadBlob(digest_);
      if (!data.ok()) return Close(data.status());
      data_ = std::move(*data);
      gate().service().KeepText(digest_, data_);
      is_read_ = true;
      const Status grown = share_.Grow(static_cast<std::int64_t>(data_.size()));
      if (!grown.ok()) return Close(grown);
      Turn();
    });
  if (sent_ == data_.size()) return Close(Ok());
  const std::size_t bytes = std::min(kChunkMax, data_.size() - sent_);
  message().set_data(data_.substr(sent_, bytes));
  sent_ += bytes;
  Write();
}

}  // namespace fft
