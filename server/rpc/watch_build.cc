#include "server/rpc/watch_build.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "server/rpc/ready.h"

namespace fft {

namespace {

/// The tail of a build that is over already.
class Nothing final : public WatchScope {
 public:
  bool NeedsLibrary(const Event&) const override { return false; }
  StatusOr<EventPtr> See(const EventPtr&, Library*) override { return EventPtr(); }
  bool is_over() const override { return true; }
};

}  // namespace

WatchBuild::WatchBuild(Gate& gate, BuildId build, std::string resume_token)
    : Watch(gate, "Builds.WatchBuild", fmt::format("build {}", build.value)),
      build_(build),
      resume_token_(std::move(resume_token)) {}

void WatchBuild::Prepare() {
  if (picture_ != nullptr) return Paint();
  ReadLater([this](Library& library) { Open(library); });
}

void WatchBuild::Open(Library& library) {
  StatusOr<EventSeq> from = EventSeq{};
  if (!resume_token_.empty()) from = seal().Open(resume_token_);
  if (!from.ok()) return Close(from.status());
  auto snapshot = library.SnapshotBuild(build_);
  if (!snapshot.ok()) return Close(snapshot.status());
  if (resume_token_.empty()) {
    SetReady(gate().service(), snapshot->nodes);
    picture_ = std::make_unique<BuildSnapshot>(std::move(*snapshot));
    return Turn();
  }
  const Build& build = snapshot->build;
  if (IsTerminal(build.state) && *from >= build.ended_event) {
    Begin(std::make_unique<Nothing>(), *from);
    return Turn();
  }
  auto scope = std::make_unique<BuildScope>(build_);
  scope->Attach(snapshot->attachments, *from);
  scope->Withdraw(snapshot->withdrawals, *from);
  Begin(std::move(scope), *from);
  Turn();
}

void WatchBuild::AddPicture(Event event) {
  event.seq = picture_->as_of;
  event.at = gate().clock().Now();
  event.build = build_;
  Add(EventEncoder::Encode(event, {}));
}

void WatchBuild::Paint() {
  const Build& build = picture_->build;
  if (!is_head_sent_) {
    is_head_sent_ = true;
    AddPicture({.kind = EventKind::kBuildChanged, .snapshot = std::make_shared<Build>(build)});
    if (build.counts.cached > 0)
      AddPicture({.kind = EventKind::kNodesSkipped, .count = build.counts.cached});
  }
  const auto& nodes = picture_->nodes;
  while (painted_ < nodes.size() && !is_full()) {
    const std::size_t count = std::min(kEventChangesMax, nodes.size() - painted_);
    const auto first = nodes.begin() + static_cast<std::ptrdiff_t>(painted_);
    AddPicture({.kind = EventKind::kNodesAttached,
                .changes = {first, first + static_cast<std::ptrdiff_t>(count)}});
    painted_ += count;
  }
  if (painted_ < nodes.size()) return Send({});
  const EventSeq as_of = picture_->as_of;
  if (IsTerminal(build.state)) {
    Begin(std::make_unique<Nothing>(), as_of);
  } else {
    auto scope = std::make_unique<BuildScope>(build_);
    scope->Attach(picture_->attachments, as_of);
    scope->Withdraw(picture_->withdrawals, as_of);
    Begin(std::move(scope), as_of);
  }
  picture_.reset();
  Send(as_of);
}

}  // namespace fft
