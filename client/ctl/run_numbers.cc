#include "client/ctl/run_numbers.h"

#include <algorithm>

#include "fft/build/v1/nodes.grpc.pb.h"

namespace fft {

namespace v1 = build::v1;

namespace {
constexpr std::size_t kAtOnce = 100;
}  // namespace

void RunNumbers::Want(std::int64_t run) {
  wanted_.push_back(run);
  if (wanted_.size() < kAtOnce || is_put_off_) return;
  is_put_off_ = !Ask(wanted_).ok();
  if (!is_put_off_) wanted_.clear();
}

Status RunNumbers::Finish() {
  Status failed;
  for (std::size_t i = 0; i < wanted_.size(); i += kAtOnce) {
    const auto part = std::span(wanted_).subspan(i, std::min(kAtOnce, wanted_.size() - i));
    if (Status asked = Ask(part); !asked.ok()) failed = std::move(asked);
    if (failed.code() == Code::kUnavailable) break;  // patience was had with this one
  }
  wanted_.clear();
  return failed;
}

Status RunNumbers::Ask(std::span<const std::int64_t> runs) {
  v1::BatchGetRunsRequest request;
  request.mutable_ids()->Assign(runs.begin(), runs.end());
  const auto answer = client_.Call(&v1::Runs::Stub::BatchGetRuns, request);
  if (!answer.ok()) return answer.status();
  for (const v1::Run& run : answer->runs()) metadata_[run.id()] = run.metadata();
  return Ok();
}

std::string RunNumbers::MetadataOf(std::int64_t run) const {
  const auto found = metadata_.find(run);
  return found == metadata_.end() ? "" : found->second;
}

}  // namespace fft
