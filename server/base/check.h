#pragma once

namespace fft {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

/// Stops the process when an invariant of ours is broken.  On in every build.
#define FFT_CHECK(condition) \
  ((condition) ? (void)0 : ::fft::CheckFailed(#condition, __FILE__, __LINE__))

}  // namespace fft
