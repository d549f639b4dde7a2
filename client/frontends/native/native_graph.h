#pragma once

#include <filesystem>
#include <vector>

#include "client/frontends/native/frozen_files.h"
#include "fft/build/v1/graphs.pb.h"
#include "server/base/status.h"

namespace fft {

/// A graph as its folder describes it, ready to be deployed.
struct NativeGraph {
  build::v1::GraphSpec spec;
  std::vector<LocalFile> files;  // what the jobs need, each digest once
};

/// The file that makes a folder a graph.
inline constexpr char kGraphFile[] = "graph.yaml";

/// Reads `graph.yaml` (a folder that has one, or the file itself) and the files that its jobs
/// declare; docs/graph-yaml.md describes the format.  Patterns and templates are carried as they
/// are: the daemon compiles them.  Errors read `FILE:LINE:COLUMN: what is wrong`.
StatusOr<NativeGraph> LoadNativeGraph(const std::filesystem::path& path);

/// Whether `path` is a folder with a graph.yaml, or such a file.
bool IsNativeGraph(const std::filesystem::path& path);

}  // namespace fft
