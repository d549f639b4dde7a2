#pragma once

#include <filesystem>

#include "client/frontends/fastflowtransform/project.h"
#include "server/base/status.h"

namespace fft {

/// Where the site of a project is written unless it says otherwise in project.yml (`docs.dag_dir`).
std::filesystem::path DagFolderOf(const FftProject& project);

/// Writes `index.html`: the DAG as a picture, by level from left to right, and tables of models,
/// macros and sources; and a page a model below `model/`.  Everything is in the files themselves:
/// the site opens offline.
Status WriteDagSite(const FftProject& project, const std::filesystem::path& folder);

}  // namespace fft
