#pragma once

#include <map>
#include <string>
#include <string_view>

#include "server/base/status.h"
#include "server/domain/build.h"
#include "server/domain/job.h"

namespace fft {

// Values as jsonb columns hold them: fields by their names, enums by their numbers, times in
// milliseconds, digests in hexadecimal.  Reading gives back what was written; a field that is not
// there keeps its default, so that rows of older versions stay readable.  INTERNAL for anything
// that is not ours.

std::string ToJson(const JobConfig& config);
StatusOr<JobConfig> JobConfigFromJson(std::string_view text);

std::string ToJson(const GraphSpec& spec);
StatusOr<GraphSpec> GraphSpecFromJson(std::string_view text);

std::string ToJson(const Build& build);
StatusOr<Build> BuildFromJson(std::string_view text);

std::string ToJson(const std::map<std::string, std::string>& texts);
StatusOr<std::map<std::string, std::string>> TextsFromJson(std::string_view text);

}  // namespace fft
