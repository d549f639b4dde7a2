#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"
#include "server/domain/job.h"
#include "server/domain/plan.h"
#include "server/graph/compiled_graph.h"

namespace fft {

/// Place of a ref in Cone::refs, and of a config in Cone::configs.
using RefIndex = std::uint32_t;
using ConfigIndex = std::uint32_t;
inline constexpr std::uint32_t kNoIndex = 0xFFFFFFFFU;

/// A config of a cone.  Its outputs and inputs are ranges of Cone::outputs and Cone::inputs,
/// parallel to config->outputs and config->inputs.
struct ConeConfig {
  JobConfigPtr config;
  Digest digest;          // of the config, by the Analyser's digester
  std::uint32_t job = 0;  // place in the graph's jobs
  int major_version = 0;
  std::uint32_t outputs_begin = 0, outputs_end = 0;
  std::uint32_t inputs_begin = 0, inputs_end = 0;
};

/// A source that something in the cone reads, or that is a target.
struct ConeSource {
  RefIndex ref = 0;
  std::uint32_t source = 0;  // place in the graph's sources
};

/// Everything that the targets could need: a directed acyclic graph in flat arrays with dense
/// places.  Immutable and self-contained: it may cross threads and outlive its Analyser, and its
/// address may serve as a memo's key while it is held.
struct Cone {
  std::shared_ptr<const CompiledGraph> graph;
  std::vector<ConeConfig> configs;  // each after those that build its MATERIALIZE and ORDER inputs
  std::vector<std::string_view>
      refs;                       // all outputs and inputs and targets; live as long as the cone
  std::vector<RefIndex> outputs;  // of all configs, one after another
  std::vector<RefIndex> inputs;
  /// Parallel to refs: the config that builds it; kNoIndex for sources and for refs that are only
  /// QUERY inputs.
  std::vector<ConfigIndex> producers;
  /// Parallel to refs: its place in `sources`; kNoIndex for what is no source.
  std::vector<std::uint32_t> source_of;
  std::vector<ConeSource> sources;
  std::vector<RefIndex> targets;  // sorted by ref, none twice
  /// Not empty: these configure executables must be asked, and all else here is empty.
  std::vector<ConfigureBatch> to_configure;
};
using ConePtr = std::shared_ptr<const Cone>;

}  // namespace fft
