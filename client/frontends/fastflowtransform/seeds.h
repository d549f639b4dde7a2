#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// What seeds/schema.yml says of the seeds, by the path of a seed without `.csv`, or by its stem:
///
///   targets: {SEED: {schema: S, table: T, schema_by_engine: {postgres: S}}}
///   dtypes:  {SEED: {COLUMN: TYPE}}        also called `columns`
struct SeedSchema {
  struct Target {
    std::string schema, table;  // empty: as the project and the file say
  };
  std::map<std::string, Target> targets;
  std::map<std::string, std::map<std::string, std::string>> types;

  /// Of the seed `path` (`raw/users.csv`): its own entry, or that of its stem.
  Target TargetOf(const std::string& path) const;
  std::map<std::string, std::string> TypesOf(const std::string& path) const;
};

StatusOr<SeedSchema> ReadSeedSchema(const std::string& file, const std::string& text,
                                    const std::string& engine);

/// The columns of a CSV file and their types in PostgreSQL: as `types` says, else what all values
/// of a column are: bigint, double precision, boolean, or text.  Empty values fit every type.
/// INVALID_ARGUMENT names file and line: a row with more or fewer fields, a quote that does not
/// end, a header with a name twice, a type for a column that is not there.
StatusOr<std::vector<std::pair<std::string, std::string>>> ReadSeedColumns(
    const std::filesystem::path& file, const std::map<std::string, std::string>& types);

}  // namespace fft
