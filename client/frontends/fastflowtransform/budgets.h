#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// What is counted of a run: by model, and summed up.
struct Spending {
  std::int64_t bytes_scanned = 0;
  std::int64_t rows = 0;
  std::int64_t query_duration_ms = 0;
};

struct ModelSpending {
  std::string name;
  std::vector<std::string> tags;
  Spending spent;
};

/// budgets.yml: how much a run may spend, in all, by model and by tag, and how much a single query.
struct Budgets {
  struct Bound {
    std::optional<std::int64_t> warn, error;
  };
  using Bounds = std::map<std::string, Bound>;  // by bytes_scanned, rows, query_duration_ms
  Bounds total;
  std::map<std::string, Bounds> models, tags;
  std::int64_t query_bytes_max = 0;  // of the engine in use; 0: any
};

enum class QuantityOf { kNumber, kBytes, kTime };

/// A whole number, `1_000`, `1,000`; of bytes also `5GB`, with powers of 1024; of time also `30s`
/// or `5m`, in milliseconds.  None: it is none of these.
std::optional<std::int64_t> ReadQuantity(const std::string& text, QuantityOf of);

/// `file` is for errors; an empty text is no budget at all.
StatusOr<Budgets> ReadBudgets(const std::string& file, const std::string& text,
                              const std::string& engine);

/// A budget that was exceeded: by more than it, not by as much.
struct Breach {
  std::string scope;  // `total`, `models`, `tags`
  std::string name;   // of the model or tag
  std::string metric;
  std::int64_t spent = 0, bound = 0;
  bool is_error = false;

  /// `[BUDGET] error: models mart.ff rows: 12 > 10`
  std::string Line() const;
};

/// In the order of scope, name and metric; where both bounds are exceeded, the error alone.
std::vector<Breach> FindBreaches(const Budgets& budgets, const std::vector<ModelSpending>& models);

}  // namespace fft
