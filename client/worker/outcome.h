#pragma once

#include <string>

#include "client/worker/records.pb.h"

namespace fft {

/// The report that follows from how a run ended, before its outputs are looked at: SUCCEEDED means
/// only that it exited with 0.  `last_line`: of the log, told with a failure.
build::v1::RunReport JudgeExit(const worker::Exit& exit, const build::v1::Grant& grant,
                               const std::string& last_line);

/// A report of a run that this worker ended or lost without an exit.
build::v1::RunReport ReportWithoutExit(const build::v1::Grant& grant, build::v1::Outcome outcome,
                                       const std::string& message);

/// The last line that is not empty in a file's end, cut to 300 bytes; empty: none.
std::string LastLineOf(const std::string& path);

}  // namespace fft
