#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>

#include "client/lib/client.h"
#include "fft/build/v1/builds.grpc.pb.h"
#include "fft/build/v1/catalog.grpc.pb.h"
#include "fft/build/v1/graphs.grpc.pb.h"
#include "fft/build/v1/nodes.grpc.pb.h"
#include "server/base/digest.h"

namespace fft {

// Calls that are more than one message there and one back.  Each uses the client of its caller.

/// Accepts a build; makes up a request_id when there is none, so that it can be tried again.
StatusOr<build::v1::Build> CreateBuild(Client& client, build::v1::CreateBuildRequest request);
StatusOr<build::v1::Build> RetryBuild(Client& client, build::v1::RetryBuildRequest request);

using TakeWatched = std::function<void(const build::v1::WatchResponse&)>;

/// Follows a build to its end, over broken connections and restarts, each event once.
Status WatchBuild(Client& client, std::int64_t id, const TakeWatched& take,
                  const std::stop_token& stop = {});
/// Follows the log until `stop`; the same.
Status WatchEvents(Client& client, build::v1::WatchEventsRequest request, const TakeWatched& take,
                   const std::stop_token& stop = {});

/// A log from an offset; with `follow` until its run ends.
Status TailLogs(Client& client, build::v1::TailLogsRequest request,
                const std::function<void(const build::v1::TailLogsResponse&)>& take,
                const std::stop_token& stop = {});

/// What a build would do now, all of it.
StatusOr<build::v1::PlanBuildResponse> PlanBuild(Client& client,
                                                 const build::v1::CreateBuildRequest& request);

struct SentBlobs {
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};
/// Sends what the daemon lacks of files, and of texts that are in no file.
StatusOr<SentBlobs> SendMissing(Client& client,
                                const std::map<Digest, std::filesystem::path>& files,
                                const std::map<Digest, std::string>& texts = {});

/// Calls `method` page by page, as long as there are more and `take` returns true.
template <class Stub, class Request, class Reply>
Status EachPage(Client& client,
                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                std::type_identity_t<Request> request,
                const std::type_identity_t<std::function<bool(const Reply&)>>& take) {
  while (true) {
    const auto page = client.Call(method, request);
    if (!page.ok()) return page.status();
    if (!take(*page) || page->next_page_token().empty()) return Ok();
    request.set_page_token(page->next_page_token());
  }
}

}  // namespace fft
