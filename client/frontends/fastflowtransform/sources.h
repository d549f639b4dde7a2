#pragma once

#include <map>
#include <string>

#include "server/base/status.h"

namespace fft {

/// Where source('NAME', 'TABLE') is.
struct SourceRelation {
  std::string schema;
  std::string table;
  auto operator<=>(const SourceRelation&) const = default;
};

/// By source, then by table.
using Sources = std::map<std::string, std::map<std::string, SourceRelation>>;

/// sources.yml, version 2, for `engine`; `schema` is for sources that name none.  `file` is for
/// errors.
StatusOr<Sources> ReadSources(const std::string& file, const std::string& text,
                              const std::string& engine, const std::string& schema);

/// What of the sources decides a result, as JSON with sorted keys and no blanks: where each table
/// is. Freshness, descriptions, order and engines that are not in use do not count.
std::string SourcesJson(const Sources& sources);

}  // namespace fft
