#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include <fft/build/v1/catalog.pb.h>

#include "server/rpc/outflow.h"

namespace fft {

/// Catalog.GetLineage: from a partition's live run over what each run read, breadth first, nothing
/// twice.
class Lineage final : public Outflow<build::v1::GetLineageResponse> {
 public:
  static constexpr std::size_t kStepsMax = 1'000'000;

  /// `depth_max`: 0: no limit.
  Lineage(Gate& gate, std::string ns, std::string ref, int depth_max);

 private:
  struct Place {
    std::string ref;
    RunId run;  // none: a source
    int depth = 0;
  };

  void Step() override;
  Status Begin(Library& library);
  Status Fill(Library& library);
  Status Visit(Library& library, const Place& place);
  void Meet(const std::string& ref, RunId run, int depth);

  const std::string ns_, ref_;
  const int depth_max_;
  bool is_begun_ = false;
  std::deque<Place> to_visit_;
  std::set<std::pair<std::int64_t, std::string>> met_;  // run and ref
  std::map<std::int64_t, build::v1::Run> told_;         // without outputs and inputs
};

}  // namespace fft
