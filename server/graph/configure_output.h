#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/base/status.h"
#include "server/domain/job.h"

namespace fft {

/// Limits on what a configure executable may answer.
inline constexpr std::size_t kConfigureOutputBytesMax = 16U << 20;
inline constexpr std::size_t kConfigRefsMax = 10'000;     // outputs and inputs, each
inline constexpr std::size_t kConfigBytesMax = 2U << 20;  // of refs, args and env together

/// Reads what a configure executable printed: DataBuild's
/// `{"configs":[{"outputs":[{"str":REF}],"inputs":[{"dep_type_code":1,"dep_type_name":"materialize",
/// "partition_ref":{"str":REF}}],"args":[...],"env":{...}}]}`, with two additions, both optional:
/// an input's `"identity"` ("key", "content", "version", "none") and `dep_type_code` 2, "order".
/// Together the configs must cover `asked`.  What the job declares (version, runner, executable,
/// files, in_place) is filled in from `job`.
///   FAILED_PRECONDITION  CONFIGURE_BAD_OUTPUT: names the job and what is wrong; rubbish is quoted
///   by
///                        its first bytes
StatusOr<std::vector<JobConfig>> ParseConfigureOutput(const JobSpec& job,
                                                      const std::vector<std::string>& asked,
                                                      std::string_view text);

}  // namespace fft
