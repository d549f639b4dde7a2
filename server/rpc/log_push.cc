#include "server/rpc/log_push.h"

#include <fmt/core.h>

#include "server/rpc/fields.h"

namespace fft {

namespace {

constexpr std::int64_t kLogMax = kBlobMax;

}  // namespace

void LogPush::Take() {
  Fields fields;
  const auto bytes = static_cast<std::int64_t>(message().data().size());
  fields.Id("run", message().run());
  fields.Range("offset", message().offset(), 0, kLogMax);
  if (static_cast<std::size_t>(bytes) > kChunkMax)
    fields.Add("data", fmt::format("is {} bytes long, {} is the most", bytes, kChunkMax));
  if (!fields.ok()) return Close(fields.status());
  ReadLater([this](Library& library) {
    const RunId run{message().run()};
    const Status appended = library.AppendLog(run, message().offset(), message().data());
    if (!appended.ok()) return Close(appended);
    gate().logs().Appended(run);
    Next();
  });
}

}  // namespace fft
