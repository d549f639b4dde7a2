#include "server/rpc/blobs_service.h"

#include <vector>

#include <fmt/core.h>

#include "server/rpc/blob_streams.h"
#include "server/rpc/fields.h"

namespace fft {

namespace v1 = ::fft::build::v1;

grpc::ServerUnaryReactor* BlobsService::FindMissingBlobs(Context* context,
                                                         const v1::FindMissingBlobsRequest* request,
                                                         v1::FindMissingBlobsResponse* response) {
  return ServeRead(gate_, context, "Blobs.FindMissingBlobs", [=](Library& library) -> Status {
    Fields fields;
    fields.Count("digests", static_cast<std::size_t>(request->digests_size()), kDigestsMax);
    std::vector<Digest> wanted;
    for (int i = 0; i < request->digests_size() && fields.ok(); ++i)
      wanted.push_back(fields.Raw(fmt::format("digests[{}]", i), request->digests(i)));
    if (!fields.ok()) return fields.status();
    const auto missing = library.FindMissingBlobs(wanted);
    if (!missing.ok()) return missing.status();
    for (const Digest& digest : *missing) response->add_digests(std::string(digest.view()));
    return Ok();
  });
}

grpc::ServerReadReactor<v1::WriteBlobRequest>* BlobsService::WriteBlob(
    Context* context, v1::WriteBlobResponse* response) {
  using In = Inflow<v1::WriteBlobRequest>;
  return In::Open<BlobWrite>(gate_, context, response);
}

grpc::ServerWriteReactor<v1::ReadBlobResponse>* BlobsService::ReadBlob(
    Context* context, const v1::ReadBlobRequest* request) {
  constexpr std::string_view kMethod = "Blobs.ReadBlob";
  using Out = Outflow<v1::ReadBlobResponse>;
  const auto principal = gate_.Enter(*context, kMethod);
  if (!principal.ok()) return Refuse<v1::ReadBlobResponse>(gate_, kMethod, principal.status());
  Fields fields;
  const Digest digest = fields.Raw("digest", request->digest());
  if (!fields.ok()) return Refuse<v1::ReadBlobResponse>(gate_, kMethod, fields.status());
  return Out::Open<BlobRead>(gate_, digest);
}

}  // namespace fft
