#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/frontends/fastflowtransform/budgets.h"
#include "client/frontends/fastflowtransform/project.h"
#include "client/frontends/fastflowtransform/selection.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

/// What became of a model in a run.
struct ModelReport {
  std::string name;
  std::string status;  // `success`, `error`, `skipped`
  TimePoint started{}, finished{};
  std::string message;
  std::string http = "null";  // JSON
  std::optional<std::int64_t> bytes_scanned, rows, query_duration_ms;
};

struct ProjectReport {
  TimePoint started{}, finished{};
  std::vector<ModelReport> models;
  std::vector<Breach> breaches;
};

/// Below PROJECT/.fastflowtransform/target: run_results.json and manifest.json, each whole or not
/// at all.
Status WriteRunResults(const FftProject& project, const ProjectReport& report);
Status WriteManifest(const FftProject& project);

/// What the last run left, compared to the project as it is; nothing where there was none.
SelectionPast ReadPast(const FftProject& project);

}  // namespace fft
