#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/time.h"
#include "server/domain/ids.h"
#include "server/domain/reason.h"

namespace fft {

enum class BuildState : std::uint8_t {
  kReceived = 0,
  kPlanning = 1,
  kExecuting = 2,
  kSucceeded = 3,
  kFailed = 4,
  kCancelled = 5,
};
inline bool IsTerminal(BuildState state) { return state >= BuildState::kSucceeded; }
std::string_view ToString(BuildState state);

enum class CacheMode : std::uint8_t { kReadWrite = 0, kReadOnly = 1, kWriteOnly = 2, kOff = 3 };
inline bool Reads(CacheMode m) { return m == CacheMode::kReadWrite || m == CacheMode::kReadOnly; }
inline bool Writes(CacheMode m) { return m == CacheMode::kReadWrite || m == CacheMode::kWriteOnly; }
std::string_view ToString(CacheMode mode);

enum class Discipline : std::uint8_t { kLevels = 0, kEager = 1 };

struct BuildOptions {
  CacheMode cache = CacheMode::kReadWrite;
  std::vector<std::string> rebuild;  // globs over refs and job labels
  Discipline discipline = Discipline::kLevels;
  int jobs_max = 0;  // nodes of this build at once; 0: no limit of its own
  bool keeps_going = false;
  int priority = 0;      // higher goes first
  TimePoint deadline{};  // zero: none
  bool operator==(const BuildOptions&) const = default;
};

/// Nodes of a build by how they ended or where they are.
struct NodeCounts {
  std::int64_t total = 0;    // hits included
  std::int64_t cached = 0;   // hits of the plan
  std::int64_t cut_off = 0;  // skipped when they were ready
  std::int64_t joined = 0;   // another build was at them
  std::int64_t running = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
  bool operator==(const NodeCounts&) const = default;
};

/// Slot times in milliseconds: how long runs took, times the slots that they held.  What was saved
/// is what runs of the same jobs take on average; 0 of jobs that never ran.
struct Accounts {
  std::int64_t spent_ms = 0;  // by runs that this build brought
  std::int64_t saved_by_cache_ms = 0;
  std::int64_t saved_by_joining_ms = 0;  // by runs that another build brought
  std::int64_t saved_by_cut_off_ms = 0;
  bool operator==(const Accounts&) const = default;
};

/// One accepted request.
struct Build {
  BuildId id;
  std::string request_id;  // empty: the client gave none
  Digest request_digest;   // of the request's body: tells a repeat from a clash
  std::string principal;
  std::string ns;  // namespace
  std::string graph;
  Digest revision;
  std::vector<std::string> targets;  // refs, patterns, ranges, as asked for
  BuildOptions options;
  std::map<std::string, std::string> labels;
  Digest plan_etag;  // of the plan that it pins; zeros: any
  BuildState state = BuildState::kReceived;
  Reason reason = Reason::kNone;  // of the end
  std::string message;            // of the end: one line for people
  NodeCounts counts;
  Accounts accounts;
  TimePoint received_at{};
  TimePoint started_at{};  // first grant of a node of its own
  TimePoint ended_at{};
  EventSeq received_event;  // where a watcher starts
  EventSeq ended_event;
  bool operator==(const Build&) const = default;
};

}  // namespace fft
