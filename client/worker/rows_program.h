#pragma once

#include <string>
#include <vector>

namespace fft {

// How the agent tells RunRows() what nobody else may see.
inline constexpr char kConnectionVariable[] = "FFT_CONNECTION";
inline constexpr char kServiceVariable[] = "FFT_SERVICE";

/// A file in the run's scratch folder from when its relation may be touched; gone again when it is
/// known that it was not.
inline constexpr char kWritingMark[] = "writing";

/// `fft-worker rows GRANT PROGRAM ARGUMENT...`: an SQL job whose rows a program makes, as a process
/// under the guardian.  Brings the job's inputs as CSV, executes the program, which sees neither
/// connection nor service, and makes a table of what it left; docs/sql.md.  Returns the exit code:
/// the program's own when that is not 0, 75 when another attempt may succeed, else 1 with the fault
/// on standard error.
int RunRows(const std::string& grant_file, const std::vector<std::string>& command);

}  // namespace fft
