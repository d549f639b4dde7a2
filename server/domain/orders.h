#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/base/time.h"
#include "server/domain/ids.h"
#include "server/domain/job.h"
#include "server/domain/node.h"
#include "server/domain/run.h"

namespace fft {

using TextPtr = std::shared_ptr<const std::string>;

/// What a blob says, for who would have to ask for it.
struct GrantedText {
  Digest digest;
  TextPtr text;
};

/// What all grants of a job have alike.
struct GrantedJob {
  RunLimits limits;
  std::string ns;
  std::string root_uri;
  std::map<std::string, std::string> annotations;
  Digest context;
  std::string environment_secret;
  bool operator==(const GrantedJob&) const = default;
};

/// A lease with all that its worker needs to know.
struct Grant {
  Lease lease;
  NodeKind kind = NodeKind::kJob;
  JobConfigPtr config;
  Shared<GrantedJob> job;
  std::vector<std::string> input_uris;  // parallel to config->inputs
  /// Runs of one group come from one build with a limit, none: 0.  When `group_max` is not 0 it
  /// starts only while fewer than that of its group are running.
  std::int64_t group = 0;
  int group_max = 0;
  // Secrets, filled in when it is sent:
  std::string connection;   // of Runner::kSql
  std::string environment;  // what environment_secret names
  // Of the SQL task, as far as they are at hand then:
  std::vector<GrantedText> texts;
};

/// What a worker is told.  Safe to lose, repeat and reorder: everything names run and epoch.
struct WorkerOrders {
  WorkerId worker;
  Epoch epoch;
  std::vector<Grant> grants;
  std::vector<RunId> kills;         // stop these, whatever they do
  std::vector<RunId> acknowledged;  // outcomes that are committed: forget them
  std::vector<RunId> adopted;       // runs that you reported and may go on with
};

}  // namespace fft
