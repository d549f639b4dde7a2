#pragma once

#include <string>
#include <utility>
#include <vector>

#include "server/base/digest.h"
#include "server/domain/job.h"

namespace fft::testing_support {

inline InputSpec By(Identity identity, std::string ref) {
  return {std::move(ref), InputKind::kMaterialize, identity};
}
inline InputSpec Key(std::string ref) { return By(Identity::kKey, std::move(ref)); }
inline InputSpec Content(std::string ref) { return By(Identity::kContent, std::move(ref)); }
inline InputSpec Query(std::string ref) {
  return {std::move(ref), InputKind::kQuery, Identity::kNone};
}
inline InputSpec Order(std::string ref) {
  return {std::move(ref), InputKind::kOrder, Identity::kNone};
}

/// A job that the noop runner runs.
inline JobSpec NoopJob(std::string label, std::vector<std::string> outputs,
                       std::vector<InputSpec> inputs = {}) {
  JobSpec job;
  job.label = std::move(label);
  job.outputs = std::move(outputs);
  job.inputs = std::move(inputs);
  job.runner = Runner::kNoop;
  return job;
}

/// A job with an executable of its own, `bin/<label>`, whose bytes are `program`.
inline JobSpec ExecJob(std::string label, std::vector<std::string> outputs,
                       std::vector<InputSpec> inputs = {}, std::string program = "1") {
  JobSpec job = NoopJob(std::move(label), std::move(outputs), std::move(inputs));
  job.runner = Runner::kExec;
  job.executable = "bin/" + job.label;
  job.files = {{job.executable, Sha256(program), static_cast<std::int64_t>(program.size()), true}};
  return job;
}

/// A job that asks a configure executable.
inline JobSpec ConfiguredJob(std::string label, std::vector<std::string> outputs) {
  JobSpec job = ExecJob(std::move(label), std::move(outputs));
  job.configure = job.executable;
  return job;
}

inline GraphSpec Graph(std::vector<JobSpec> jobs, std::vector<SourceSpec> sources = {}) {
  GraphSpec spec;
  spec.name = "test";
  spec.root_uri = "file:///data";
  spec.jobs = std::move(jobs);
  spec.sources = std::move(sources);
  return spec;
}

/// The colour votes of the acceptance tests.
inline GraphSpec ColorVotes() {
  const std::string week = " each(d in date-6..date)";
  const std::string month = " each(d in date-27..date)";
  return Graph(
      {ExecJob("daily_color_votes", {"daily_color_votes/{date:%Y-%m-%d}/{color}"}),
       ExecJob("color_votes_1w", {"color_votes_1w/{date:%Y-%m-%d}/{color}"},
               {Key("daily_color_votes/{d}/{color}" + week)}),
       ExecJob("color_votes_1m", {"color_votes_1m/{date:%Y-%m-%d}/{color}"},
               {Key("daily_color_votes/{d}/{color}" + month)}),
       ExecJob("daily_votes", {"daily_votes/{date:%Y-%m-%d}"},
               {Key("daily_color_votes/{date}/{c} each(c in red,green,blue)")}),
       ExecJob("votes_1w", {"votes_1w/{date:%Y-%m-%d}"}, {Key("daily_votes/{d}" + week)}),
       ExecJob("votes_1m", {"votes_1m/{date:%Y-%m-%d}"}, {Key("daily_votes/{d}" + month)}),
       ExecJob("color_vote_report", {"color_vote_report/{date:%Y-%m-%d}/{color}"},
               {Key("votes_1w/{date}"), Key("votes_1m/{date}"),
                Key("color_votes_1w/{date}/{color}"), Key("color_votes_1m/{date}/{color}")})});
}

}  // namespace fft::testing_support
