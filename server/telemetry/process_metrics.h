#pragma once

#include <memory>

#include <prometheus/collectable.h>

namespace fft {

/// CPU time, memory, open files and threads of this process under the names that Prometheus's
/// client libraries agree on; read from /proc when asked.  What cannot be read is left out.
std::shared_ptr<prometheus::Collectable> MakeProcessMetrics();

}  // namespace fft
