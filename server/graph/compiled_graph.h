#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/base/status.h"
#include "server/domain/job.h"

namespace fft {

class JobTemplate;
class MakerIndex;

/// Who makes a ref: a job or a source, by its place in the spec's sorted list.
struct Maker {
  bool is_source = false;
  std::uint32_t index = 0;
  bool operator==(const Maker&) const = default;
};

/// Fills in what a spec may leave out.
void Complete(GraphSpec& spec);

/// Digest of a complete graph's canonical form: equal for specs that differ only in the order of
/// their jobs, sources and files.
Digest RevisionOf(const GraphSpec& spec);

/// Digest of a job's declaration without what changes no config (limits, merging).
Digest JobDigest(const JobSpec& job);

/// OK when `ref` has 1 to 1,024 bytes of UTF-8 without control characters and no segment `.` or
/// `..`.  INVALID_ARGUMENT, BAD_REF otherwise; the message quotes at most its beginning.
Status CheckRef(std::string_view ref);

/// A graph that was checked as a whole, ready to be asked.  Immutable; any thread.
class CompiledGraph {
 public:
  /// Sorts and checks everything.
  ///   INVALID_ARGUMENT  INVALID_GRAPH; metadata and text name the job or source and the field
  static StatusOr<std::shared_ptr<const CompiledGraph>> Compile(GraphSpec spec);
  ~CompiledGraph();

  const GraphSpec& spec() const { return spec_; }
  const Digest& revision() const { return revision_; }
  const Digest& job_digest(std::size_t job) const { return job_digests_[job]; }

  ///   NOT_FOUND            UNKNOWN_REF
  ///   FAILED_PRECONDITION  AMBIGUOUS_REF: names the ref and both makers
  ///   INVALID_ARGUMENT     BAD_REF
  StatusOr<Maker> Lookup(std::string_view ref) const;

  /// The config of a job that is configured by template (spec().jobs[job].configure is empty) for
  /// one of its outputs.
  ///   INVALID_ARGUMENT  BAD_TEMPLATE, TOO_MANY_REFS: names job, template and ref
  StatusOr<JobConfigPtr> Configure(std::size_t job, const std::string& ref) const;

  /// That a configure executable's answer says what it may: outputs are the job's and hold `ref`.
  ///   FAILED_PRECONDITION  CONFIGURE_BAD_OUTPUT: names job and ref
  Status CheckAnswer(std::size_t job, const std::string& ref, const JobConfig& config) const;

 private:
  CompiledGraph();
  Status CompileJobs();
  Status IndexMakers();
  std::string NameOf(Maker maker) const;

  GraphSpec spec_;
  Digest revision_;
  std::vector<Digest> job_digests_;
  std::vector<JobTemplate> jobs_;  // parallel to spec_.jobs
  std::unique_ptr<MakerIndex> index_;
};

}  // namespace fft
