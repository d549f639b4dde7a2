#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "server/base/digest.h"
#include "server/base/rare.h"
#include "server/base/shared.h"
#include "server/base/text_list.h"
#include "server/base/time.h"
#include "server/domain/run_limits.h"
#include "server/domain/sql_task.h"

namespace fft {

/// How a job config depends on a ref.  The numbers are DataBuild's `dep_type_code`s; ORDER is ours.
enum class InputKind : std::uint8_t {
  kQuery = 0,        // recorded, never expanded; a fact only where it declares an identity
  kMaterialize = 1,  // must be there, and is built when it is not
  kOrder = 2,        // runs after, reads nothing
};

/// What of an input enters the reader's key.
enum class Identity : std::uint8_t {
  kKey = 0,      // the input's result key: whatever made it differ, its readers run
  kContent = 1,  // the digest of its bytes: readers are cut off when it comes out the same
  kVersion = 2,  // the major version that its job declares
  kNone = 3,     // QUERY and ORDER without a declared identity
};

/// What a QUERY input asks of data that the build does not make itself.  Not a fact.
enum class Presence : std::uint8_t {
  kRequired = 0,  // nothing there: the build fails, and says so before anything runs
  kAwaited = 1,   // nothing there: the build waits before anything runs, up to a limit
  kIgnored = 2,   // nobody looks
};
constexpr std::uint32_t kWaitMaxSecondsDefault = 3600;
constexpr std::uint32_t kWaitMaxSecondsMost = 30 * 24 * 3600;

/// A file that was frozen as a blob at deploy.
struct FrozenFile {
  std::string path;  // relative to the graph's folder
  Digest digest;
  std::int64_t bytes = 0;
  bool executable = false;
  auto operator<=>(const FrozenFile&) const = default;
};

struct InputSpec {
  std::string ref;  // template over the job's captures; see docs/templates.md
  InputKind kind = InputKind::kMaterialize;
  Identity identity = Identity::kKey;
  Presence presence = Presence::kRequired;  // of a QUERY
  std::uint32_t wait_max_s = 0;             // of an awaited one
  auto operator<=>(const InputSpec&) const = default;
};

enum class Runner : std::uint8_t {
  kExec = 0,  // a process
  kNoop = 1,  // nothing at all: the worker answers at once
  kSql = 2,   // one relation of a warehouse
};

/// A job as its graph declares it.
struct JobSpec {
  std::string label;
  std::vector<std::string> outputs;        // patterns with captures
  std::vector<InputSpec> inputs;           // when configured by template
  std::vector<std::string> args;           // templates
  std::map<std::string, std::string> env;  // templates
  Runner runner = Runner::kExec;
  std::string executable;  // path of one of `files`; of kExec alone
  std::string configure;   // path of one of `files`: a configure executable; empty: by template
  std::vector<FrozenFile> files;  // the job's own, sorted by path
  std::string version = "v0.0.0";
  RunLimits limits;
  bool is_in_place = false;  // writes straight to its outputs' places
  bool is_merged = true;     // false: `no_merge`, never joined with another build's
  Rare<SqlTask> sql;         // of kSql
  // Told to the run; not facts:
  std::map<std::string, std::string> annotations;
  Digest context;                  // of a blob that lists further files; zeros: none
  std::string environment_secret;  // name of a secret; empty: none
  bool operator==(const JobSpec&) const = default;
};

/// A ref that no job builds: a file, folder or glob-free URI somebody else maintains.
struct SourceSpec {
  std::string ref;
  std::string uri;  // file:///...
  auto operator<=>(const SourceSpec&) const = default;
};

/// A graph as deployed.  Immutable; its revision is the digest of its canonical form.
struct GraphSpec {
  std::string name;
  std::string default_namespace;    // the graph's name unless said otherwise
  std::string root_uri;             // file:///... where outputs live, by ref
  std::vector<JobSpec> jobs;        // sorted by label
  std::vector<SourceSpec> sources;  // sorted by ref
  bool operator==(const GraphSpec&) const = default;
};

struct Input {
  InputKind kind = InputKind::kMaterialize;
  Identity identity = Identity::kKey;
  Presence presence = Presence::kRequired;  // of a QUERY
  std::uint32_t wait_max_s = 0;             // of an awaited one
  std::string ref;
  auto operator<=>(const Input&) const = default;
};

/// What all configs of a job have alike.
struct JobFrame {
  std::string job;  // label
  std::string version = "v0.0.0";
  Runner runner = Runner::kExec;
  std::string executable;
  std::vector<FrozenFile> files;
  bool is_in_place = false;
  Rare<SqlTask> sql;  // of kSql
  bool operator==(const JobFrame&) const = default;
};

/// One parameterised run of a job: what configuring yields, and what a worker needs to know.
/// All that decides the result is in here or in the identities of the inputs.
struct JobConfig {
  Shared<JobFrame> frame;
  std::vector<std::string> outputs;  // refs, sorted, at least one
  std::vector<Input> inputs;         // sorted by ref, no ref twice
  TextList args;
  Rare<std::map<std::string, std::string>> env;
  bool operator==(const JobConfig&) const = default;
};

using JobConfigPtr = std::shared_ptr<const JobConfig>;

/// The major number of a version `vMAJOR.MINOR.PATCH`; -1 when it is not one.
int MajorVersion(const std::string& version);

std::string ToString(InputKind kind);
std::string ToString(Identity identity);
std::string ToString(Presence presence);
std::string ToString(Runner runner);

}  // namespace fft
