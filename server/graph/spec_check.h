#pragma once

#include <string_view>

#include "server/base/status.h"
#include "server/domain/job.h"

namespace fft {

/// What can be said of a graph without compiling a pattern or template: names, numbers, files,
/// limits.  Lists must be sorted.  INVALID_ARGUMENT, INVALID_GRAPH names job or source and field.
Status CheckSpec(const GraphSpec& spec);

/// Whether it is relative and stays in its folder.
bool IsFilePath(std::string_view path);

/// INVALID_GRAPH for a job, whose label is put in front.
Status InvalidJob(const std::string& label, const std::string& what);

}  // namespace fft
