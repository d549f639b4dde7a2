#include <array>
#include <charconv>
#include <utility>

#include "server/domain/build.h"
#include "server/domain/event.h"
#include "server/domain/job.h"
#include "server/domain/node.h"
#include "server/domain/partition.h"
#include "server/domain/reason.h"
#include "server/domain/run.h"

namespace fft {

namespace {

constexpr std::array kReasons = {
    std::pair{Reason::kNone, std::string_view("NONE")},
    std::pair{Reason::kNeverBuilt, std::string_view("NEVER_BUILT")},
    std::pair{Reason::kFactsChanged, std::string_view("FACTS_CHANGED")},
    std::pair{Reason::kDataMissing, std::string_view("DATA_MISSING")},
    std::pair{Reason::kUncertain, std::string_view("UNCERTAIN")},
    std::pair{Reason::kTainted, std::string_view("TAINTED")},
    std::pair{Reason::kRebuildRequested, std::string_view("REBUILD_REQUESTED")},
    std::pair{Reason::kCacheOff, std::string_view("CACHE_OFF")},
    std::pair{Reason::kOscillating, std::string_view("OSCILLATING")},
    std::pair{Reason::kInputUndecided, std::string_view("INPUT_UNDECIDED")},
    std::pair{Reason::kConfigure, std::string_view("CONFIGURE")},
    std::pair{Reason::kSuspect, std::string_view("SUSPECT")},
    std::pair{Reason::kCached, std::string_view("CACHED")},
    std::pair{Reason::kCutOff, std::string_view("CUT_OFF")},
    std::pair{Reason::kJoined, std::string_view("JOINED")},
    std::pair{Reason::kSource, std::string_view("SOURCE")},
    std::pair{Reason::kUpstreamFailed, std::string_view("UPSTREAM_FAILED")},
    std::pair{Reason::kJobFailed, std::string_view("JOB_FAILED")},
    std::pair{Reason::kTimeLimit, std::string_view("TIME_LIMIT")},
    std::pair{Reason::kMemoryLimit, std::string_view("MEMORY_LIMIT")},
    std::pair{Reason::kQuarantined, std::string_view("QUARANTINED")},
    std::pair{Reason::kCancelRequested, std::string_view("CANCEL_REQUESTED")},
    std::pair{Reason::kFailFast, std::string_view("FAIL_FAST")},
    std::pair{Reason::kDeadlineExceeded, std::string_view("DEADLINE_EXCEEDED")},
    std::pair{Reason::kBadOutput, std::string_view("BAD_OUTPUT")},
    std::pair{Reason::kAttemptsExhausted, std::string_view("ATTEMPTS_EXHAUSTED")},
    std::pair{Reason::kNoWorker, std::string_view("NO_WORKER")},
    std::pair{Reason::kSourceEdited, std::string_view("SOURCE_EDITED")},
    std::pair{Reason::kPlanFailed, std::string_view("PLAN_FAILED")},
    std::pair{Reason::kPlanChanged, std::string_view("PLAN_CHANGED")},
    std::pair{Reason::kUnknownRef, std::string_view("UNKNOWN_REF")},
    std::pair{Reason::kAmbiguousRef, std::string_view("AMBIGUOUS_REF")},
    std::pair{Reason::kBadRef, std::string_view("BAD_REF")},
    std::pair{Reason::kBadRange, std::string_view("BAD_RANGE")},
    std::pair{Reason::kNoMatch, std::string_view("NO_MATCH")},
    std::pair{Reason::kTooManyTargets, std::string_view("TOO_MANY_TARGETS")},
    std::pair{Reason::kTooManyRefs, std::string_view("TOO_MANY_REFS")},
    std::pair{Reason::kBadTemplate, std::string_view("BAD_TEMPLATE")},
    std::pair{Reason::kCycle, std::string_view("CYCLE")},
    std::pair{Reason::kConeTooLarge, std::string_view("CONE_TOO_LARGE")},
    std::pair{Reason::kTwoConfigs, std::string_view("TWO_CONFIGS")},
    std::pair{Reason::kQueryMissing, std::string_view("QUERY_MISSING")},
    std::pair{Reason::kSourceUnreadable, std::string_view("SOURCE_UNREADABLE")},
    std::pair{Reason::kWarehouseUnreachable, std::string_view("WAREHOUSE_UNREACHABLE")},
    std::pair{Reason::kConfigureBadOutput, std::string_view("CONFIGURE_BAD_OUTPUT")},
    std::pair{Reason::kConfigureUnstable, std::string_view("CONFIGURE_UNSTABLE")},
    std::pair{Reason::kInvalidGraph, std::string_view("INVALID_GRAPH")},
};

template <std::size_t n>
std::string_view NameOf(const std::array<std::string_view, n>& names, std::size_t index) {
  return index < n ? names[index] : std::string_view("UNKNOWN");
}

}  // namespace

std::string_view ToString(Reason reason) {
  for (const auto& [value, name] : kReasons)
    if (value == reason) return name;
  return "UNKNOWN";
}

std::optional<Reason> ReasonFromString(std::string_view text) {
  for (const auto& [value, name] : kReasons)
    if (name == text) return value;
  return std::nullopt;
}

std::string_view ToString(BuildState state) {
  static constexpr std::array<std::string_view, 6> kNames = {"RECEIVED",  "PLANNING", "EXECUTING",
                                                             "SUCCEEDED", "FAILED",   "CANCELLED"};
  return NameOf(kNames, static_cast<std::size_t>(state));
}

std::string_view ToString(CacheMode mode) {
  static constexpr std::array<std::string_view, 4> kNames = {"rw", "ro", "wo", "off"};
  return NameOf(kNames, static_cast<std::size_t>(mode));
}

std::string_view ToString(NodeState state) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "WAITING", "READY", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELLED"};
  return NameOf(kNames, static_cast<std::size_t>(state));
}

std::string_view ToString(Outcome outcome) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "NONE",         "SUCCEEDED",      "FAILED",    "RETRIABLE",  "TIME_LIMIT",
      "MEMORY_LIMIT", "INFRASTRUCTURE", "CANCELLED", "BAD_OUTPUT", "RETURNED"};
  return NameOf(kNames, static_cast<std::size_t>(outcome));
}

std::string_view ToString(PartitionState state) {
  static constexpr std::array<std::string_view, 8> kNames = {"UNKNOWN",   "REQUESTED", "SCHEDULED",
                                                             "BUILDING",  "AVAILABLE", "FAILED",
                                                             "DELEGATED", "TAINTED"};
  return NameOf(kNames, static_cast<std::size_t>(state));
}

std::string ToString(InputKind kind) {
  static constexpr std::array<std::string_view, 3> kNames = {"query", "materialize", "order"};
  return std::string(NameOf(kNames, static_cast<std::size_t>(kind)));
}

std::string ToString(Identity identity) {
  static constexpr std::array<std::string_view, 4> kNames = {"key", "content", "version", "none"};
  return std::string(NameOf(kNames, static_cast<std::size_t>(identity)));
}

std::string ToString(Presence presence) {
  static constexpr std::array<std::string_view, 3> kNames = {"required", "awaited", "ignored"};
  return std::string(NameOf(kNames, static_cast<std::size_t>(presence)));
}

std::string ToString(Runner runner) {
  static constexpr std::array<std::string_view, 3> kNames = {"exec", "noop", "sql"};
  return std::string(NameOf(kNames, static_cast<std::size_t>(runner)));
}

std::string ToString(Materialization materialization) {
  static constexpr std::array<std::string_view, 3> kNames = {"table", "view", "incremental"};
  return std::string(NameOf(kNames, static_cast<std::size_t>(materialization)));
}

std::string ToString(OnSchemaChange change) {
  static constexpr std::array<std::string_view, 3> kNames = {"ignore", "append_new_columns",
                                                             "sync_all_columns"};
  return std::string(NameOf(kNames, static_cast<std::size_t>(change)));
}

std::string WarehouseOf(std::string_view uri) {
  constexpr std::string_view kScheme = "postgresql://";
  if (!uri.starts_with(kScheme)) return "";
  const std::size_t server_end = uri.find('/', kScheme.size());
  if (server_end == std::string_view::npos) return "";
  const std::size_t database_end = uri.find('/', server_end + 1);
  if (database_end == std::string_view::npos || database_end == server_end + 1) return "";
  return std::string(uri.substr(0, database_end));
}

PartitionState PartitionStateOf(NodeState state) {
  switch (state) {
    case NodeState::kWaiting: return PartitionState::kRequested;
    case NodeState::kReady: return PartitionState::kScheduled;
    case NodeState::kRunning: return PartitionState::kBuilding;
    case NodeState::kSucceeded:
    case NodeState::kSkipped: return PartitionState::kAvailable;
    case NodeState::kFailed: return PartitionState::kFailed;
    case NodeState::kCancelled: break;  // as it was before
  }
  return PartitionState::kUnknown;
}

int MajorVersion(const std::string& version) {
  if (version.size() < 2 || version.front() != 'v') return -1;
  int numbers[3] = {0, 0, 0};
  const char* at = version.data() + 1;
  const char* const end = version.data() + version.size();
  for (int i = 0; i < 3; ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return -1;
    const auto parsed = std::from_chars(at, end, numbers[i]);
    if (parsed.ec != std::errc() || numbers[i] < 0 || parsed.ptr == at) return -1;
    at = parsed.ptr;
  }
  return at == end ? numbers[0] : -1;
}

}  // namespace fft
