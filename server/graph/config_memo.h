#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/base/status.h"
#include "server/domain/job.h"
#include "server/graph/analyser.h"
#include "server/graph/compiled_graph.h"
#include "server/graph/cone.h"

namespace fft {

/// What is known of the refs and configs of one graph, by dense id.  It only grows; what it holds
/// never changes.  Owned by an Analyser.
class ConfigMemo {
 public:
  using RefId = std::uint32_t;
  using ConfigId = std::uint32_t;

  /// Who makes a ref, as far as anybody has asked.
  enum class Made : std::uint8_t {
    kNotAsked,
    kNotBySource,  // was asked whether by a source, no more
    kBySource,     // place in the graph's sources
    kByConfig,     // ConfigId
    kByUnasked,    // by a configure executable's job that has yet to be asked: place in the jobs
  };
  struct Ref {
    Made made = Made::kNotAsked;
    std::uint32_t by = 0;
  };
  /// As ConeConfig, with RefIds.
  using Config = ConeConfig;

  ConfigMemo(std::shared_ptr<const CompiledGraph> graph, Analyser::ConfigDigester digest_of);

  RefId Intern(std::string_view ref);
  const std::string& name(RefId ref) const { return names_[ref]; }
  const Ref& ref(RefId ref) const { return refs_[ref]; }
  std::size_t refs_count() const { return refs_.size(); }
  const Config& config(ConfigId config) const { return configs_[config]; }
  std::size_t configs_count() const { return configs_.size(); }
  RefId output(std::uint32_t place) const { return outputs_[place]; }
  RefId input(std::uint32_t place) const { return inputs_[place]; }

  /// Finds out who makes `ref`: afterwards it is made by a source, a config or an unasked job.
  Status Resolve(RefId ref);
  /// Finds out whether a source makes it, and nothing else.
  void ResolveSource(RefId ref);
  /// Whether `ref` is known to be made by just this config.
  bool Holds(const std::string& ref, const JobConfigPtr& config) const;
  /// A config that `job` gives for `ref`.  FAILED_PRECONDITION when another config, or another job,
  /// makes one of its outputs; then nothing has changed.
  Status Add(std::uint32_t job, const std::string& ref, JobConfigPtr config);

 private:
  StatusOr<bool> IsKnown(std::uint32_t job, const std::string& ref, const JobConfig& config);
  Digest DigestOf(const JobConfig& config) const;

  std::shared_ptr<const CompiledGraph> graph_;
  Analyser::ConfigDigester digest_of_;
  std::deque<std::string> names_;
  std::unordered_map<std::string_view, RefId> ids_;  // views of names_
  std::vector<Ref> refs_;
  std::vector<Config> configs_;
  std::vector<RefId> outputs_, inputs_;
};

}  // namespace fft
