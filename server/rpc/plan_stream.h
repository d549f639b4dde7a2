#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include <fft/build/v1/graphs.pb.h>

#include "server/rpc/outflow.h"

namespace fft {

/// Graphs.PlanBuild: waits for the plan, then sends it: hits first, then nodes after their
/// upstreams, at the end etag and counts.
class PlanStream final : public Outflow<build::v1::PlanBuildResponse> {
 public:
  PlanStream(Gate& gate, BuildRequest request);

 private:
  void Step() override;
  void SendNodes();
  void SendSum();

  std::optional<BuildRequest> request_;  // until it is asked
  PlanResult result_;
  std::size_t sent_ = 0;  // of hits and nodes
  bool is_summed_ = false;
};

}  // namespace fft
