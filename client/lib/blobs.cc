#include <algorithm>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <vector>

#include "client/lib/calls.h"
#include "fft/build/v1/blobs.grpc.pb.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr std::size_t kDigestsMax = 10'000;  // in one question
constexpr std::size_t kPieceBytes = 1 << 20;

/// Which of `digests` the daemon lacks.
StatusOr<std::vector<Digest>> FindMissing(Client& client, const std::vector<Digest>& digests) {
  std::vector<Digest> missing;
  for (std::size_t from = 0; from < digests.size(); from += kDigestsMax) {
    v1::FindMissingBlobsRequest request;
    const std::size_t to = std::min(from + kDigestsMax, digests.size());
    for (std::size_t i = from; i < to; ++i) request.add_digests(std::string(digests[i].view()));
    const auto reply = client.Call(&v1::Blobs::Stub::FindMissingBlobs, request);
    if (!reply.ok()) return reply.status();
    for (const std::string& raw : reply->digests())
      if (const auto digest = DigestFromBytes(raw)) missing.push_back(*digest);
  }
  return missing;
}

/// Writes the file piece by piece; ends early when the daemon has heard enough.
bool WritePieces(std::istream& file, const Digest& digest,
                 grpc::ClientWriter<v1::WriteBlobRequest>& stream, std::int64_t& bytes) {
  v1::WriteBlobRequest message;
  message.set_digest(std::string(digest.view()));
  std::string piece(kPieceBytes, '\0');
  do {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    message.set_data(piece.data(), static_cast<std::size_t>(file.gcount()));
    bytes += file.gcount();
    if (!stream.Write(message)) return true;
    message.clear_digest();
  } while (file);
  return !file.bad();
}

/// `open` gives the bytes anew at each attempt.
StatusOr<std::int64_t> SendBlob(Client& client, const Digest& digest, const std::string& name,
                                const std::function<std::unique_ptr<std::istream>()>& open) {
  std::int64_t bytes = 0;
  Status local = Ok();
  const Status status = client.Attempt([&](grpc::ClientContext& context) {
    const std::unique_ptr<std::istream> file = open();
    bytes = 0;
    v1::WriteBlobResponse reply;
    v1::Blobs::Stub stub(client.channel());
    const auto stream = stub.WriteBlob(&context, &reply);
    if (!*file || !WritePieces(*file, digest, *stream, bytes)) {
      local = Error(Code::kNotFound, "{}: cannot be read any more", name);
      context.TryCancel();
    } else {
      stream->WritesDone();
    }
    return stream->Finish();
  });
  if (!local.ok()) return local;
  if (!status.ok()) return status;
  return bytes;
}

}  // namespace

StatusOr<SentBlobs> SendMissing(Client& client,
                                const std::map<Digest, std::filesystem::path>& files,
                                const std::map<Digest, std::string>& texts) {
  std::vector<Digest> digests;
  for (const auto& [digest, path] : files) digests.push_back(digest);
  for (const auto& [digest, text] : texts)
    if (!files.contains(digest)) digests.push_back(digest);
  const auto missing = FindMissing(client, digests);
  if (!missing.ok()) return missing.status();
  SentBlobs sent;
  for (const Digest& digest : *missing) {
    const auto file = files.find(digest);
    const auto text = texts.find(digest);
    if (file == files.end() && text == texts.end()) continue;
    const auto bytes =
        file != files.end()
            ? SendBlob(
                  client, digest, file->second.string(),
                  [&] { return std::make_unique<std::ifstream>(file->second, std::ios::binary); })
            : SendBlob(client, digest, ToHex(digest),
                       [&] { return std::make_unique<std::istringstream>(text->second); });
    if (!bytes.ok()) return bytes.status();
    sent.files += 1;
    sent.bytes += *bytes;
  }
  return sent;
}

}  // namespace fft
