#include "client/ctl/progress_printer.h"

#include <utility>

#include <fmt/format.h>

#include "client/ctl/format.h"

namespace fft {

namespace v1 = build::v1;

namespace {

constexpr Duration kSummaryEvery{1'000};
constexpr Duration kSilenceMax{10'000};
constexpr std::int64_t kFailuresMax = 20;
constexpr std::int64_t kRetriesMax = 5;
constexpr std::int64_t kNotesMax = 5;
constexpr std::size_t kMessageLinesMax = 5;

bool IsEnd(v1::NodeState state) { return state >= v1::NODE_SUCCEEDED; }
bool IsEnd(v1::BuildState state) { return state >= v1::BUILD_SUCCEEDED; }

std::int64_t Left(const v1::NodeCounts& counts) {
  return counts.total() - counts.cached() - counts.cut_off() - counts.succeeded() -
         counts.failed() - counts.cancelled();
}

std::string ShortRevision(const std::string& revision) { return revision.substr(0, 12); }

}  // namespace

std::string EndLine(const v1::Build& build) {
  const v1::NodeCounts& counts = build.counts();
  std::string line =
      fmt::format("build {} {}: {}, {} ran, {} cached, {} cut off, {} failed", build.id(),
                  StateName(build.state()), Count(counts.total(), "node"), counts.succeeded(),
                  counts.cached(), counts.cut_off(), counts.failed());
  if (counts.cancelled() > 0) line += fmt::format(", {} cancelled", counts.cancelled());
  if (counts.joined() > 0) line += fmt::format(", {} shared with other builds", counts.joined());
  if (build.has_end_time() && build.has_receive_time())
    line +=
        " in " + FormatDuration(ToTimePoint(build.end_time()) - ToTimePoint(build.receive_time()));
  return line;
}

void ProgressPrinter::Take(const v1::WatchResponse& message, TimePoint now) {
  if (!began_) began_ = summed_up_ = now;
  for (const v1::Event& event : message.events()) Take(event);
  if (!ended_ && now - summed_up_ >= kSummaryEvery) PrintSummary(now);
  out_.flush();
}

void ProgressPrinter::Take(const v1::Event& event) {
  const bool adds = event.has_nodes_attached() || event.has_nodes_skipped();
  if (is_counting_ && !adds) TellCounts();
  switch (event.what_case()) {
    case v1::Event::kBuildChanged: TakeBuild(event.build_changed().build()); break;
    case v1::Event::kNodesAttached:
      for (const auto& change : event.nodes_attached().changes()) Attach(change);
      break;
    case v1::Event::kNodesSkipped:  // instead of those of the plan before
      counts_.set_total(counts_.total() - counts_.cached());
      counts_.set_cached(0);
      cached_ = event.nodes_skipped().count();
      break;
    case v1::Event::kNodesChanged:
      for (const auto& change : event.nodes_changed().changes())
        Move(change, event.nodes_changed().state());
      break;
    case v1::Event::kNodesWithdrawn:
      for (const auto& change : event.nodes_withdrawn().changes()) Move(change, v1::NODE_CANCELLED);
      break;
    default: break;
  }
  if (!is_counting_) out_ << std::exchange(joined_, "");
}

void ProgressPrinter::TakeBuild(const v1::Build& build) {
  build_ = build.id();
  if (IsEnd(build.state())) return PrintEnd(build);
  const bool is_waiting = build.message().starts_with("waiting: ");
  if (build.state() == state_ && (!is_waiting || build.message() == awaited_)) return;
  const bool is_picture = state_ == v1::BUILD_STATE_UNSPECIFIED;
  state_ = build.state();
  std::string more;
  if (is_waiting || (state_ == v1::BUILD_PLANNING && !build.message().empty()))
    more = ": " + (awaited_ = build.message());
  if (state_ == v1::BUILD_RECEIVED)
    more = fmt::format(": {}@{}, {}", build.graph(), ShortRevision(build.revision()),
                       fft::Count(build.targets_size(), "target"));
  if (state_ == v1::BUILD_EXECUTING && !is_waiting) {
    counts_ = build.counts();
    attached_ = cached_ = 0;
    is_counting_ = !is_picture;
    if (is_picture) TellCounts(counts_.total(), counts_.cached(), Left(counts_));
    return;
  }
  out_ << fmt::format("build {} {}{}\n", build_, StateName(state_), more);
}

void ProgressPrinter::TellCounts() {
  is_counting_ = false;
  TellCounts(counts_.total() + attached_ + cached_, counts_.cached() + cached_,
             Left(counts_) + attached_);
  out_ << std::exchange(joined_, "");
}

void ProgressPrinter::TellCounts(std::int64_t total, std::int64_t cached, std::int64_t left) {
  out_ << fmt::format("build {} executing: {}, {} cached, {} to do\n", build_,
                      fft::Count(total, "node"), cached, left);
}

void ProgressPrinter::Count(const Seen& seen, int by) {
  if (!seen.is_job) return;
  for (Level* level : {&levels_[seen.level], &all_}) {
    level->total += by;
    if (IsEnd(seen.state)) level->done += by;
    if (seen.state == v1::NODE_RUNNING) level->running += by;
  }
}

void ProgressPrinter::Attach(const v1::NodeChange& change) {
  is_changed_ = true;
  auto [at, is_new] = nodes_.try_emplace(change.node());
  if (!is_new) Count(at->second, -1);
  at->second = {change.level(), change.state(), change.outputs_size() > 0};
  Count(at->second, 1);
  if (is_new && at->second.is_job) ++attached_;
  if (change.joined() && !IsEnd(change.state()) && !change.message().empty())
    joined_ += fmt::format("{}: {} ({})\n", change.message(), FormatOutputs(change.outputs()),
                           change.job());
  if (is_verbose_ && IsEnd(change.state())) PrintChange(change, at->second);
  if (change.state() == v1::NODE_FAILED) PrintFailure(change);
}

void ProgressPrinter::Move(const v1::NodeChange& change, v1::NodeState state) {
  is_changed_ = true;
  auto [at, is_new] = nodes_.try_emplace(
      change.node(), Seen{change.level(), v1::NODE_WAITING, change.outputs_size() > 0});
  if (!is_new) Count(at->second, -1);
  const bool is_retry = at->second.state == v1::NODE_RUNNING && !IsEnd(state);
  at->second.state = state;
  Count(at->second, 1);
  if (is_verbose_) PrintChange(change, at->second);
  if (is_retry) PrintRetry(change);
  if (state == v1::NODE_SUCCEEDED) PrintNote(change);
  if (state == v1::NODE_FAILED) PrintFailure(change);
}

void ProgressPrinter::PrintChange(const v1::NodeChange& change, const Seen& seen) {
  out_ << fmt::format("L{:02} {:<9} {} ({})", seen.level, StateName(seen.state),
                      FormatOutputs(change.outputs()), change.job());
  if (IsEnd(seen.state) && !change.reason().empty() && change.reason() != "NONE")
    out_ << " " << change.reason();
  if (seen.state == v1::NODE_CANCELLED && !change.message().empty())
    out_ << ": " << change.message().substr(0, change.message().find('\n'));
  out_ << '\n';
}

void ProgressPrinter::PrintRetry(const v1::NodeChange& change) {
  if (change.message().empty() || (++retries_ > kRetriesMax && !is_verbose_)) return;
  out_ << fmt::format("again  {} ({})\n", FormatOutputs(change.outputs()), change.job())
       << FirstLines(change.message(), 1, "  ");
}

// It may not be used again: it was declared wrong while it ran, or a source was edited.
void ProgressPrinter::PrintNote(const v1::NodeChange& change) {
  if (change.message().empty() || (++notes_ > kNotesMax && !is_verbose_)) return;
  out_ << fmt::format("note   {} ({})\n", FormatOutputs(change.outputs()), change.job())
       << FirstLines(change.message(), 1, "  ");
}

void ProgressPrinter::PrintFailure(const v1::NodeChange& change) {
  ++failed_;
  const bool is_consequence = change.reason() == "UPSTREAM_FAILED";
  if (!is_verbose_ && (is_consequence || failed_ - failures_hidden_ > kFailuresMax)) {
    ++failures_hidden_;
    return;
  }
  out_ << fmt::format("FAILED {} ({}): {}\n", FormatOutputs(change.outputs()), change.job(),
                      change.reason())
       << FirstLines(change.message(), kMessageLinesMax, "  ");
  if (change.run() != 0) out_ << fmt::format("  fftctl logs {}\n", change.run());
}

void ProgressPrinter::PrintSummary(TimePoint now) {
  if (is_counting_) TellCounts();
  if (!is_changed_ && now - summed_up_ < kSilenceMax) return;
  const bool is_silent = !std::exchange(is_changed_, false);
  summed_up_ = now;
  const bool is_early = state_ < v1::BUILD_EXECUTING || all_.total == 0;
  if (is_early && state_ != v1::BUILD_STATE_UNSPECIFIED) {
    out_ << fmt::format("{:>8}  still {}\n", FormatDuration(now - *began_), StateName(state_));
    return;
  }
  out_ << fmt::format("{:>8}  {} of {} done, {} running", FormatDuration(now - *began_), all_.done,
                      all_.total, all_.running);
  if (failed_ > 0) out_ << fmt::format(", {} failed", failed_);
  for (const auto& [number, level] : levels_) {
    if (level.done == level.total) continue;
    out_ << fmt::format("; L{:02} of {}: {} of {}", number, levels_.rbegin()->first, level.done,
                        level.total);
    break;
  }
  out_ << '\n';
  if (is_silent && all_.running == 0) PrintWhy();
}

// Of a node that could run next: one that is ready, or else of the lowest level.
void ProgressPrinter::PrintWhy() {
  std::int64_t first = 0;
  std::pair<bool, int> best;
  for (const auto& [node, seen] : nodes_) {
    if (IsEnd(seen.state)) continue;
    const std::pair<bool, int> rank = {seen.state != v1::NODE_READY, seen.level};
    if (first != 0 && std::pair(best, first) <= std::pair(rank, node)) continue;
    first = node;
    best = rank;
  }
  if (first == 0 || !why_) return;
  if (const std::string why = why_(first); !why.empty())
    out_ << fmt::format("          node {}: {}\n", first, why);
}

void ProgressPrinter::PrintEnd(const v1::Build& build) {
  ended_ = build;
  if (failures_hidden_ > 0)
    out_ << fmt::format("{} not shown: fftctl get {} --state failed\n",
                        fft::Count(failures_hidden_, "more failed node"), build.id());
  out_ << EndLine(build) << '\n';
  if (const std::string spent = FormatAccounts(build.accounts()); !spent.empty())
    out_ << "  " << spent << '\n';
  const bool has_reason = !build.reason().empty() && build.reason() != "NONE";
  if (build.state() != v1::BUILD_SUCCEEDED && has_reason)
    out_ << fmt::format("  {}\n", build.reason());
  out_ << FirstLines(build.message(), kMessageLinesMax, "  ");
}

}  // namespace fft
