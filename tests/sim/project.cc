#include "tests/sim/project.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "server/base/check.h"

namespace fft::sim {

namespace {

constexpr char kRoot[] = "file:///data";

int Draw(std::mt19937_64& rng, std::size_t below) { return static_cast<int>(rng() % below); }

}  // namespace

// The meaning is readable back from the first bytes: the simulated run computes with it.
Digest ProgramDigest(int meaning, int comment) {
  Digest digest = Sha256(fmt::format("program {} {}", meaning, comment));
  digest.bytes[0] = static_cast<std::uint8_t>(meaning & 0xff);
  digest.bytes[1] = static_cast<std::uint8_t>((meaning >> 8) & 0xff);
  return digest;
}

Project::Project(std::mt19937_64& rng, int jobs) {
  for (int i = 0; i < 2; ++i)
    sources_.push_back({fmt::format("s/{}", i), fmt::format("file:///source/{}", i)});
  std::vector<std::string> refs = {"s/0", "s/1"};
  for (int i = 0; i < jobs; ++i) {
    Job job;
    std::set<std::string> inputs;
    const int wanted = 1 + Draw(rng, 3);
    for (int k = 0; k < wanted; ++k) {
      // Mostly near neighbours, so that graphs grow deep as well as wide.
      const auto back = std::min<std::size_t>(refs.size(), 8);
      inputs.insert(refs[refs.size() - 1 - static_cast<std::size_t>(Draw(rng, back))]);
    }
    for (const std::string& ref : inputs) {
      constexpr Identity kKinds[] = {Identity::kContent, Identity::kKey, Identity::kContent,
                                     Identity::kKey, Identity::kVersion};
      const Identity identity = kKinds[rng() % std::size(kKinds)];
      job.inputs.push_back({ref, InputKind::kMaterialize, identity});
    }
    const int outputs = rng() % 6 == 0 ? 2 : 1;
    for (int k = 0; k < outputs; ++k) job.outputs.push_back(fmt::format("n/{:03}.{}", i, k));
    refs.insert(refs.end(), job.outputs.begin(), job.outputs.end());
    jobs_.push_back(std::move(job));
  }
}

CompiledGraphPtr Project::Compile() const {
  GraphSpec spec{.name = kProjectName,
                 .default_namespace = "sim",
                 .root_uri = kRoot,
                 .jobs = {},
                 .sources = sources_};
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    const Job& job = jobs_[i];
    JobSpec added;
    added.label = fmt::format("j{:03}", i);
    // One pattern a job with a capture, so that two outputs come from one config.
    added.outputs = job.outputs;
    added.inputs = job.inputs;
    added.executable = "run";
    added.files = {{"run", ProgramDigest(job.meaning, job.comment), 1, true}};
    if (i % 4 == 1) added.limits.pools = {fmt::format("pool-{}", i % 3)};
    added.version = fmt::format("v{}.0.0", job.major);
    spec.jobs.push_back(std::move(added));
  }
  auto compiled = CompiledGraph::Compile(std::move(spec));
  if (!compiled.ok()) CheckFailed(Message(compiled.status()).c_str(), __FILE__, __LINE__);
  return *compiled;
}

void Project::EditProgram(std::mt19937_64& rng) {
  jobs_[static_cast<std::size_t>(Draw(rng, jobs_.size()))].meaning = ++edits_;
}
void Project::EditComment(std::mt19937_64& rng) {
  jobs_[static_cast<std::size_t>(Draw(rng, jobs_.size()))].comment = ++edits_;
}
void Project::EditVersion(std::mt19937_64& rng) {
  ++jobs_[static_cast<std::size_t>(Draw(rng, jobs_.size()))].major;
}
void Project::EditSource(std::mt19937_64& rng, Disk& disk) {
  const SourceSpec& source = sources_[static_cast<std::size_t>(Draw(rng, sources_.size()))];
  disk[source.uri] = {Sha256(fmt::format("source {}", ++edits_)), false};
}

std::vector<std::string> Project::RandomTargets(std::mt19937_64& rng) const {
  std::set<std::string> targets;
  const int wanted = 1 + Draw(rng, 3);
  for (int i = 0; i < wanted; ++i) {
    const Job& job =
        jobs_[jobs_.size() - 1 - static_cast<std::size_t>(Draw(rng, (jobs_.size() + 1) / 2))];
    targets.insert(job.outputs.front());
  }
  return {targets.begin(), targets.end()};
}

// A third of the programs look at only a part of their inputs, so that changes are often cut off.
Digest ResultOf(const JobConfig& config, std::size_t index, const std::vector<Digest>& inputs) {
  const auto& program = config.frame->files.front().digest.bytes;
  const int meaning = program[0] + 256 * program[1];
  std::string seen = fmt::format("{} {} {}", config.frame->job, index, meaning);
  const bool is_coarse = Sha256(config.frame->job).bytes[0] % 3 == 0;
  for (const Digest& input : inputs)
    seen += is_coarse ? std::string(1, static_cast<char>('a' + input.bytes[0] % 2)) : ToHex(input);
  return Sha256(seen);
}

Digest SeenOf(const Input& input, const Datum& datum) {
  const bool is_any = input.identity == Identity::kVersion && datum.wrong_since == 0;
  return is_any ? Sha256(input.ref) : datum.content;
}

Digest CleanResult(const CompiledGraph& graph, const std::string& ref, const Disk& disk,
                   std::map<std::string, Digest>& memo) {
  if (const auto at = memo.find(ref); at != memo.end()) return at->second;
  const auto maker = graph.Lookup(ref);
  FFT_CHECK(maker.ok());
  if (maker->is_source) return memo[ref] = disk.at(graph.spec().sources[maker->index].uri).content;
  const auto config = graph.Configure(maker->index, ref);
  FFT_CHECK(config.ok());
  std::vector<Digest> inputs;
  for (const Input& input : (*config)->inputs)
    inputs.push_back(SeenOf(input, {.content = CleanResult(graph, input.ref, disk, memo)}));
  for (std::size_t i = 0; i < (*config)->outputs.size(); ++i)
    memo[(*config)->outputs[i]] = ResultOf(**config, i, inputs);
  return memo.at(ref);
}

}  // namespace fft::sim
