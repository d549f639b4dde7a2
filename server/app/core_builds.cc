#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "server/app/core_send.h"
#include "server/base/digest.h"

// Builds: accepted, changed, cancelled, retried.

namespace fft {

namespace {

void Put(Sha256Stream& stream, const std::string& text) {
  stream.Update(fmt::format("{}:", text.size()));
  stream.Update(text);
}

// Of all that a client asked for: a repeat under one request id has the same.  But for the
// deadline: who says it as a length of time says another one each time; 0 stands where it stood, so
// that requests without one are what they were.
Digest DigestOf(const BuildRequest& request) {
  Sha256Stream stream;
  Put(stream, request.graph);
  Put(stream, ToHex(request.revision));
  Put(stream, request.ns);
  for (const std::string& target : request.targets) Put(stream, target);
  Put(stream, "options");
  const BuildOptions& o = request.options;
  Put(stream, fmt::format("{} {} {} {} {} 0", ToString(o.cache), static_cast<int>(o.discipline),
                          o.jobs_max, o.keeps_going, o.priority));
  for (const std::string& glob : o.rebuild) Put(stream, glob);
  Put(stream, "labels");
  for (const auto& [name, value] : request.labels) Put(stream, fmt::format("{}={}", name, value));
  Put(stream, ToHex(request.plan_etag));
  return stream.Finish();
}

Status Clash(const Build& earlier, const std::string& request_id) {
  return WithDetails(
      Error(Code::kAlreadyExists, "request id {} was used for build {} with another body",
            request_id, earlier.id.value),
      {.reason = "REQUEST_ID_CLASH",
       .metadata = {{"build", fmt::format("{}", earlier.id.value)}},
       .fields = {}});
}

}  // namespace

void Core::WithGraph(const std::string& name, const Digest& revision,
                     std::function<void(StatusOr<CompiledGraphPtr>)> then) {
  if (CompiledGraphPtr found = graphs_.Find(name, revision)) return then(std::move(found));
  const Status asked = Read([this, name, revision, then](Library& library) {
    then(graphs_.Load(library, name, revision));
  });
  if (!asked.ok()) then(asked);
}

void Core::CreateBuild(BuildRequest request, Reply<Build> reply) {
  const std::string name = request.graph;
  const Digest revision = request.revision;
  WithGraph(name, revision,
            [this, request = std::move(request),
             reply = std::move(reply)](StatusOr<CompiledGraphPtr> graph) mutable {
              if (!graph.ok()) return reply(graph.status());
              Accept(*graph, std::move(request), std::move(reply));
            });
}

void Core::Accept(const CompiledGraphPtr& graph, BuildRequest request, Reply<Build> reply) {
  Build build{.id = {},
              .request_id = request.request_id,
              .request_digest = DigestOf(request),
              .principal = request.principal,
              .ns = request.ns,
              .graph = request.graph,
              .revision = graph->revision(),
              .targets = std::move(request.targets),
              .options = request.options,
              .labels = std::move(request.labels),
              .plan_etag = request.plan_etag};
  if (build.ns.empty()) build.ns = graph->spec().default_namespace;
  if (build.request_id.empty()) return Submit(std::move(build), std::move(reply));
  // Builds of before the last restart are known to the database alone.
  const Status asked = Read([this, build = std::move(build), reply](Library& library) mutable {
    auto earlier = library.FindRequest(build.principal, build.request_id);
    if (!earlier.ok()) return reply(earlier.status());
    if (!earlier->has_value()) return Submit(std::move(build), std::move(reply));
    if ((*earlier)->request_digest != build.request_digest)
      return reply(Clash(**earlier, build.request_id));
    reply(**earlier);
  });
  if (!asked.ok()) reply(asked);
}

void Core::Submit(Build build, Reply<Build> reply) {
  Send(
      [reply = std::move(reply)](const Answer& answer) {
        if (!answer.status.ok()) return reply(answer.status);
        reply(*answer.build);
      },
      [&](ReplyId id) {
        return BuildRequested{id, std::move(build)};
      });
}

void Core::UpdateBuild(BuildId id, std::optional<int> priority, std::optional<TimePoint> deadline,
                       Reply<Build> reply) {
  Send(
      [this, id, reply = std::move(reply)](const Answer& answer) {
        if (answer.status.ok()) return reply(*answer.build);
        if (answer.status.code() != Code::kNotFound) return reply(answer.status);
        const Status asked = Read([id, reply](Library& library) {
          const auto build = library.GetBuild(id);
          if (!build.ok()) return reply(build.status());
          reply(WithDetails(Error(Code::kFailedPrecondition, "build {} has ended", id.value),
                            {.reason = "BUILD_NOT_OPEN",
                             .metadata = {{"build", fmt::format("{}", id.value)}},
                             .fields = {}}));
        });
        if (!asked.ok()) reply(asked);
      },
      [&](ReplyId to) {
        return BuildUpdated{to, id, priority, deadline};
      });
}

// Cancelling what has ended changes nothing and succeeds.
void Core::CancelBuild(BuildId id, const std::string&, Reply<CancelResult> reply) {
  Send(
      [this, id, reply = std::move(reply)](const Answer& answer) {
        if (answer.status.ok()) {
          CancelResult result{.build = *answer.build, .kept = {}};
          for (const auto& [label, builds] : answer.kept) result.kept.push_back({label, builds});
          return reply(std::move(result));
        }
        if (answer.status.code() != Code::kNotFound) return reply(answer.status);
        const Status asked = Read([id, reply](Library& library) {
          auto build = library.GetBuild(id);
          if (!build.ok()) return reply(build.status());
          reply(CancelResult{.build = *build, .kept = {}});
        });
        if (!asked.ok()) reply(asked);
      },
      [&](ReplyId to) {
        return BuildCancelled{to, id};
      });
}

void Core::RetryBuild(BuildId id, const std::string& request_id, const std::string& principal,
                      Reply<Build> reply) {
  const Status asked = Read([this, id, request_id, principal, reply](Library& library) {
    auto build = library.GetBuild(id);
    if (!build.ok()) return reply(build.status());
    if (!IsTerminal(build->state))
      return reply(WithDetails(Error(Code::kFailedPrecondition, "build {} has not ended", id.value),
                               {.reason = "BUILD_OPEN",
                                .metadata = {{"build", fmt::format("{}", id.value)}},
                                .fields = {}}));
    BuildRequest request{.request_id = request_id,
                         .principal = principal,
                         .graph = build->graph,
                         .revision = build->revision,
                         .ns = build->ns,
                         .targets = build->targets,
                         .options = build->options,
                         .labels = build->labels,
                         .plan_etag = {}};
    request.options.deadline = {};  // that one has passed
    // A retry runs what is not valid now: what was rebuilt on request is not rebuilt once more.
    request.options.rebuild.clear();
    if (request.options.cache == CacheMode::kWriteOnly)
      request.options.cache = CacheMode::kReadWrite;
    CreateBuild(std::move(request), reply);
  });
  if (!asked.ok()) reply(asked);
}

}  // namespace fft
