#pragma once

#include <functional>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "client/ctl/follow.h"
#include "fft/build/v1/types.pb.h"

namespace fft {

/// What became of a model in a build.
struct ModelResult {
  enum class Status { kSkipped, kSucceeded, kFailed, kCancelled };
  Status status = Status::kSkipped;
  std::int64_t run = 0;  // that built it; 0: none
  std::string message;
  TimePoint started{}, ended{};
};

/// Tells of a project's build in the lines that FastFlowTransform's users know:
///
///   ▶ L01 [PG] stg_users.ff
///   ✓ L01 [PG] stg_users.ff (12 ms)
///   ↻ L01 [PG] stg_orders.ff skipped (cache)
///   — L01 summary: ok=1 failed=0 skipped=1 14 ms
///
/// Each line is whole; levels come in their order.
class ProjectProgress final : public Progress {
 public:
  struct Model {
    std::string name;
    int level = 0;  // from 0
  };
  /// `on_run`, where there is one, is told of each run that ended.
  ProjectProgress(std::ostream& out, const std::vector<Model>& models,
                  std::function<void(std::int64_t run)> on_run = {});

  void Take(const build::v1::WatchResponse& message, TimePoint now) override;
  const std::optional<build::v1::Build>& ended() const override { return ended_; }

  /// By name, of all models; those that the build did not come to are cancelled.
  const std::map<std::string, ModelResult>& results() const { return results_; }

 private:
  struct Level {
    std::vector<std::string> names, skipped;  // sorted
    int left = 0;                             // that have not ended
    int ok = 0, failed = 0, cancelled = 0;
    std::optional<TimePoint> began, ended;
  };

  void Take(const build::v1::Event& event);
  void TakeBuild(const build::v1::Build& build);
  void TakeChange(const build::v1::NodeChange& change, build::v1::NodeState state, TimePoint at);
  void FindSkipped();
  void End(const std::string& name, ModelResult::Status status, TimePoint at);
  void TellLevels();
  void SumUp(std::size_t level);
  void TellSkipped(std::size_t level);
  void TellSkipped(const std::string& name);
  std::string Line(const char* mark, const std::string& name) const;

  std::ostream& out_;
  const std::function<void(std::int64_t)> on_run_;
  std::map<std::string, int> level_of_;  // 0 and up; by name
  std::vector<Level> levels_;
  std::size_t told_ = 0;  // levels that are summed up
  std::map<std::string, ModelResult> results_;
  std::map<std::string, bool> pending_;  // attached and not ended
  bool is_skipping_known_ = false;
  std::optional<build::v1::Build> ended_;
};

}  // namespace fft
