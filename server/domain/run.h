#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/time.h"
#include "server/domain/ids.h"
#include "server/domain/reason.h"

namespace fft {

/// How an attempt ended, and with that who is to blame.
enum class Outcome : std::uint8_t {
  kNone = 0,
  kSucceeded = 1,
  kFailed = 2,          // the job's own failure
  kRetriable = 3,       // exit 75: try again later
  kTimeLimit = 4,       // the job's own
  kMemoryLimit = 5,     // the job's own
  kInfrastructure = 6,  // worker lost, host killed it, daemon restarted: never the job's failure
  kCancelled = 7,       // we stopped it
  kBadOutput = 8,       // exit 0, but what it left is not what it declared: the job's own
  kReturned = 9,        // never started, see types.proto; granted again
};
std::string_view ToString(Outcome outcome);

/// What a run left at one of its outputs.
struct OutputReport {
  std::string ref;
  std::string uri;  // empty: the default place
  Digest content;
  std::int64_t rows = -1;
  std::int64_t bytes = -1;
  bool operator==(const OutputReport&) const = default;
};

/// What a worker says of a run that ended.
struct RunReport {
  RunId run;
  Epoch epoch;  // of the lease under which it ran
  Outcome outcome = Outcome::kNone;
  int exit_code = 0;  // meaningful unless signal
  int signal = 0;
  std::string message;                // one line for people: what went wrong, naming the culprit
  std::vector<OutputReport> outputs;  // parallel to the config's outputs, when kSucceeded
  /// Proof that no output was touched: the publishing move had not begun.
  bool left_outputs_alone = true;
  TimePoint started_at{};
  TimePoint ended_at{};
  std::int64_t cpu_ms = -1;
  std::int64_t rss_max = -1;   // bytes
  std::int64_t log_bytes = 0;  // as written by the job, before the cap
  std::string metadata;        // one JSON object from the job's manifest; may be empty
  std::string stdout_text;     // of a configure run only
  bool operator==(const RunReport&) const = default;
};

/// A grant that has not been resolved: committed before the worker hears of it, deleted with the
/// commit that records its end.  While it is there its outputs are uncertain.
struct Lease {
  RunId run;
  NodeId node;
  WorkerId worker;
  Epoch epoch;
  Digest result_key;
  std::vector<RunId> input_runs;  // parallel to the node's inputs: the very materialisations read
  std::vector<Digest> input_identities;  // parallel: what entered the key
  TimePoint granted_at{};
  TimePoint started_at{};  // as the worker reported; none: it has not begun
  bool is_kill_requested = false;
  bool operator==(const Lease&) const = default;
};

/// What a run left and what it read, as lineage is made of.
struct Manifest {
  RunId run;
  Digest config_digest;
  std::vector<PartitionId> outputs;
  std::vector<PartitionId> inputs;
  std::vector<RunId> input_runs;  // parallel to inputs
};

/// A finished attempt with its manifest.  Written once, never changed.
struct Run {
  Lease lease;
  RunReport report;
  Reason reason = Reason::kNone;  // of a failure
  // Of a success, what it left is live at: parallel to report.outputs.
  std::vector<PartitionId> outputs;
  int major_version = 0;
  bool is_reusable = true;
};

}  // namespace fft
