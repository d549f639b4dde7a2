#include "server/graph/analyser.h"

#include <algorithm>
#include <utility>

#include "server/base/error_details.h"
#include "server/graph/cone_walk.h"
#include "server/graph/config_memo.h"

namespace fft {

namespace {

constexpr std::size_t kRecentMax = 4;
// Twice what one cone may hold: a memo that outgrew this serves targets nobody asks for any more.
constexpr std::size_t kMemoConfigsMax = 2 * ConeWalk::kConfigsMax;

}  // namespace

Analyser::Analyser(std::shared_ptr<const CompiledGraph> graph, ConfigDigester digest_of)
    : graph_(std::move(graph)),
      digest_of_(digest_of),
      memo_(std::make_unique<ConfigMemo>(graph_, digest_of_)) {}

Analyser::~Analyser() = default;

Status Analyser::Remember(const std::string& job, const std::string& ref, JobConfigPtr config) {
  const auto& jobs = graph_->spec().jobs;
  const auto at =
      std::lower_bound(jobs.begin(), jobs.end(), job,
                       [](const JobSpec& a, const std::string& b) { return a.label < b; });
  if (at == jobs.end() || at->label != job || at->configure.empty())
    return WithDetails(
        Error(Code::kFailedPrecondition, "job {}: is not configured by executable", job),
        {.reason = "CONFIGURE_BAD_OUTPUT", .metadata = {{"job", job}, {"ref", ref}}, .fields = {}});
  const auto index = static_cast<std::uint32_t>(at - jobs.begin());
  if (memo_->Holds(ref, config)) return Ok();  // one answer for thousands of refs is checked once
  if (Status checked = graph_->CheckAnswer(index, ref, *config); !checked.ok()) return checked;
  return memo_->Add(index, ref, std::move(config));
}

StatusOr<ConePtr> Analyser::Analyse(const std::vector<std::string>& target_refs) {
  std::vector<std::string> targets = target_refs;
  if (!std::is_sorted(targets.begin(), targets.end())) std::sort(targets.begin(), targets.end());
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  const auto recent = std::find_if(recent_.begin(), recent_.end(), [&](const RecentCone& other) {
    return other.targets == targets;
  });
  if (recent != recent_.end()) {
    std::rotate(recent_.begin(), recent, recent + 1);
    return recent_.front().cone;
  }
  if (memo_->configs_count() > kMemoConfigsMax)
    memo_ = std::make_unique<ConfigMemo>(graph_, digest_of_);
  auto cone = ConeWalk(graph_, *memo_).From(targets);
  if (!cone.ok() || !(*cone)->to_configure.empty()) return cone;
  recent_.insert(recent_.begin(), {std::move(targets), *cone});
  if (recent_.size() > kRecentMax) recent_.pop_back();
  return cone;
}

}  // namespace fft
