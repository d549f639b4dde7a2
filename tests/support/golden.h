#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace fft {

/// Runs a transcript: commands, a line `----`, what they must print, a blank line; again.
/// Lines that start with `#` before `----` are prose.  With GOLDEN_REWRITE=1 it writes the file
/// anew instead of comparing: read the difference before you commit it.
void RunTranscript(const std::filesystem::path& file,
                   const std::function<std::string(const std::string& command)>& run);

/// The commands of a transcript alone, in order.
std::vector<std::string> CommandsOf(const std::filesystem::path& file);

/// All transcripts (*.txt) of a folder below tests/golden, sorted.
std::vector<std::filesystem::path> TranscriptsIn(const std::string& folder);

}  // namespace fft
