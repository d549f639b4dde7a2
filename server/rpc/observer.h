#pragma once

#include <chrono>
#include <string_view>

#include "server/base/status.h"

namespace fft {

/// Is told of every call that ended; daemon wires it to telemetry.  From any thread; must be quick.
class CallObserver {
 public:
  virtual ~CallObserver() = default;
  /// `method`: `Builds.CreateBuild` and so on, a literal.
  virtual void Finished(std::string_view method, Code code, std::chrono::microseconds took) = 0;
};

}  // namespace fft
