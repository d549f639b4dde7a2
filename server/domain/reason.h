#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fft {

/// Why a node runs, or why it need not; why a build ended.  Stored by number: add at the end.
enum class Reason : std::uint8_t {
  kNone = 0,
  // It runs, or may run.
  kNeverBuilt = 1,
  kFactsChanged = 2,  // evidence: which facts, before and now
  kDataMissing = 3,   // evidence: the outputs whose data is gone
  kUncertain = 4,     // evidence: the run that was cut short
  kTainted = 5,
  kRebuildRequested = 6,  // evidence: the glob
  kCacheOff = 7,
  kOscillating = 8,     // evidence: the build that wants the ref otherwise
  kInputUndecided = 9,  // an input's identity is not known before that input has run
  kConfigure = 10,      // asks a configure executable
  kSuspect = 11,        // made from tainted data, which is made anew first; evidence: its run
  // It need not run.
  kCached = 20,  // evidence: the run that proves it
  kCutOff = 21,  // its inputs ran and came out the same; evidence: the run that proves it
  kJoined = 22,  // evidence: the build that is at it
  kSource = 23,  // nobody builds it
  // It ended otherwise.
  kUpstreamFailed = 40,  // evidence: the node that failed
  kJobFailed = 41,       // the job said so: exit code or signal
  kTimeLimit = 42,
  kMemoryLimit = 43,
  kQuarantined = 44,  // three infrastructure faults in a row
  kCancelRequested = 45,
  kFailFast = 46,  // another node of every build that wanted it failed
  kDeadlineExceeded = 47,
  kBadOutput = 48,          // exit 0, but an output is missing or the manifest lies
  kAttemptsExhausted = 49,  // retriable, but tried too often
  kNoWorker = 50,
  kSourceEdited = 51,  // of a build that has not ended: then it is planned again
  // Of builds alone: no plan could be made.  What PlanBuild answers, by the same names.
  kPlanFailed = 60,  // for what has no name here: the message says it
  kPlanChanged = 61,
  kUnknownRef = 62,
  kAmbiguousRef = 63,
  kBadRef = 64,
  kBadRange = 65,
  kNoMatch = 66,
  kTooManyTargets = 67,
  kTooManyRefs = 68,
  kBadTemplate = 69,
  kCycle = 70,
  kConeTooLarge = 71,
  kTwoConfigs = 72,
  kQueryMissing = 73,
  kSourceUnreadable = 74,
  kWarehouseUnreachable = 75,
  kConfigureBadOutput = 76,
  kConfigureUnstable = 77,
  kInvalidGraph = 78,
};

/// `FACTS_CHANGED` and so on, as in the API.
std::string_view ToString(Reason reason);
std::optional<Reason> ReasonFromString(std::string_view text);

}  // namespace fft
