#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "server/app/graphs.h"
#include "server/domain/job.h"

namespace fft::sim {

inline constexpr char kProjectName[] = "sim";

/// What is on the simulated disk at a URI.
struct Datum {
  Digest content;
  bool is_half_written = false;
  /// The era in which a run left rubbish here or in what this was made from; 0: it is right.
  int wrong_since = 0;
  Digest right;  // what it would be without
};
using Disk = std::map<std::string, Datum>;

/// A random graph whose jobs' programs can be edited, and what a clean build of it would yield.
///
/// A program has a meaning and a comment: both change its digest, only the meaning changes results.
class Project {
 public:
  Project(std::mt19937_64& rng, int jobs);

  CompiledGraphPtr Compile() const;
  void EditProgram(std::mt19937_64& rng);
  void EditComment(std::mt19937_64& rng);
  void EditVersion(std::mt19937_64& rng);
  /// A new content for a random source, on the disk.
  void EditSource(std::mt19937_64& rng, Disk& disk);

  std::vector<std::string> RandomTargets(std::mt19937_64& rng) const;

 private:
  struct Job {
    std::vector<std::string> outputs;
    std::vector<InputSpec> inputs;
    int meaning = 0;
    int comment = 0;
    int major = 0;
  };

  std::vector<Job> jobs_;
  std::vector<SourceSpec> sources_;
  int edits_ = 0;
};

/// The digest of the program of a job, and the other way round: what it means.
Digest ProgramDigest(int meaning, int comment);

/// What a run makes of what it reads.  Who names an input by version gets the same from all that is
/// right, whatever its bytes, and notices rubbish all the same.
Digest SeenOf(const Input& input, const Datum& datum);

/// What the run of `config` leaves at output `index`, given what its inputs hold.
Digest ResultOf(const JobConfig& config, std::size_t index, const std::vector<Digest>& inputs);

/// What a clean build of `graph` would leave at `ref`, by building everything.  Memoised in `memo`.
Digest CleanResult(const CompiledGraph& graph, const std::string& ref, const Disk& disk,
                   std::map<std::string, Digest>& memo);

}  // namespace fft::sim
