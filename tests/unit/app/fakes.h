#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/app/service.h"
#include "server/base/digest.h"
#include "server/base/time.h"
#include "tests/support/memory_store.h"
#include "tests/support/no_library.h"

namespace fft {

/// A store that a test can hold, refuse and watch.  Safe from any thread.
class FakeStore final : public Store {
 public:
  StatusOr<Epoch> TakeLead(const std::string& holder) override {
    const std::lock_guard lock(mutex_);
    if (!lead_.ok()) return lead_;
    ++loads_;
    return rows_.TakeLead(holder);
  }
  StatusOr<Snapshot> Load() override {
    const std::lock_guard lock(mutex_);
    return rows_.Load();
  }
  Status Commit(Epoch epoch, const ChangeSet& changes) override {
    std::unique_lock lock(mutex_);
    if (changes.empty()) {  // a sign of life
      ++beats_;
      changed_.notify_all();
      return Ok();
    }
    ++begun_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !is_held_; });
    batches_.push_back(changes);
    if (next_.ok() || next_.code() == Code::kUnknown) {
      const Status committed = rows_.Commit(epoch, changes);
      if (!committed.ok()) return committed;
    }
    return std::exchange(next_, Ok());
  }

  /// From now on commits wait until Release().
  void Hold() {
    const std::lock_guard lock(mutex_);
    is_held_ = true;
  }
  void Release() {
    const std::lock_guard lock(mutex_);
    is_held_ = false;
    changed_.notify_all();
  }
  /// What the next commit answers; UNKNOWN is written all the same.
  void FailNext(Status status) {
    const std::lock_guard lock(mutex_);
    next_ = std::move(status);
  }
  /// What taking the lead answers until it is OK again.
  void RefuseLead(Status status) {
    const std::lock_guard lock(mutex_);
    lead_ = std::move(status);
  }
  /// Until `count` commits in all have begun.
  void AwaitCommits(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return begun_ >= count; });
  }
  void AwaitBeats(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return beats_ >= count; });
  }
  int commits() const {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(batches_.size());
  }
  int loads() const {
    const std::lock_guard lock(mutex_);
    return loads_;
  }
  ChangeSet batch(std::size_t at) const {
    const std::lock_guard lock(mutex_);
    return batches_.at(at);
  }
  std::map<BuildId, Build> builds() const {
    const std::lock_guard lock(mutex_);
    return rows_.builds();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  MemoryStore rows_;
  std::vector<ChangeSet> batches_;
  Status lead_, next_;
  bool is_held_ = false;
  int begun_ = 0, loads_ = 0, beats_ = 0;
};

/// Holds one graph, and the builds of a store.
class FakeLibrary : public NoLibrary {
 public:
  FakeLibrary(FakeStore& store, GraphRevision revision)
      : store_(store), revision_(std::move(revision)) {}

  StatusOr<GraphRevision> GetRevision(const std::string& graph, const Digest&) override {
    if (graph == revision_.spec.name) return revision_;
    return Error(Code::kNotFound, "no graph is called {}", graph);
  }
  Status SaveRevision(const GraphRevision&) override { return Ok(); }
  StatusOr<bool> DeployAgain(const std::string&, const Digest&, const std::string&,
                             TimePoint) override {
    return true;
  }
  StatusOr<std::vector<Digest>> FindMissingBlobs(const std::vector<Digest>&) override {
    return std::vector<Digest>{};
  }
  StatusOr<Build> GetBuild(BuildId id) override {
    const auto builds = store_.builds();
    const auto at = builds.find(id);
    if (at != builds.end()) return at->second;
    return Error(Code::kNotFound, "there is no build {}", id.value);
  }
  StatusOr<std::optional<Build>> FindRequest(const std::string& principal,
                                             const std::string& request_id) override {
    for (const auto& [id, build] : store_.builds())
      if (build.principal == principal && build.request_id == request_id) return {build};
    return {std::nullopt};
  }

 private:
  FakeStore& store_;
  const GraphRevision revision_;
};

/// A clock that stands still unless it is moved, and that can keep who asks it waiting.
class FakeClock final : public Clock {
 public:
  TimePoint Now() const override {
    std::unique_lock lock(mutex_);
    ++askers_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !is_stalled_; });
    --askers_;
    return now_;
  }
  void Move(Duration by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
  }
  /// From now on nobody gets an answer until Resume().
  void Stall() {
    const std::lock_guard lock(mutex_);
    is_stalled_ = true;
  }
  void AwaitAsker() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return askers_ > 0; });
  }
  void Resume() {
    const std::lock_guard lock(mutex_);
    is_stalled_ = false;
    changed_.notify_all();
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable int askers_ = 0;
  TimePoint now_ = FromMillis(1'000'000);
  bool is_stalled_ = false;
};

/// Everything exists, and every source holds the same.
class FakeProber final : public Prober {
 public:
  StatusOr<std::vector<char>> Exist(const std::vector<std::string>& uris) override {
    return std::vector<char>(uris.size(), 1);
  }
  StatusOr<Digest> Content(const std::string& uri, std::int64_t* bytes) override {
    *bytes = 1;
    return Sha256(uri);
  }
  TimePoint ChangedAt(const std::string&) override { return TimePoint(); }
};

/// What was sent to a worker.  Safe from any thread.
class FakeSession final : public WorkerSession {
 public:
  void Send(WorkerOrders orders) override {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(orders));
  }
  void Close(const Status& why) override {
    const std::lock_guard lock(mutex_);
    closed_ = why;
  }
  std::vector<Grant> grants() const {
    const std::lock_guard lock(mutex_);
    std::vector<Grant> grants;
    for (const WorkerOrders& orders : orders_)
      grants.insert(grants.end(), orders.grants.begin(), orders.grants.end());
    return grants;
  }
  std::vector<RunId> acknowledged() const {
    const std::lock_guard lock(mutex_);
    std::vector<RunId> runs;
    for (const WorkerOrders& orders : orders_)
      runs.insert(runs.end(), orders.acknowledged.begin(), orders.acknowledged.end());
    return runs;
  }
  std::size_t sent() const {
    const std::lock_guard lock(mutex_);
    return orders_.size();
  }
  std::optional<Status> closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<WorkerOrders> orders_;
  std::optional<Status> closed_;
};

/// One answer that a test waits for.
template <class T>
class Await {
 public:
  Reply<T> reply() {
    return [state = state_](StatusOr<T> answer) {
      const std::lock_guard lock(state->mutex);
      state->answer = std::move(answer);
      ++state->times;
      state->given.notify_all();
    };
  }
  StatusOr<T> Get() {
    std::unique_lock lock(state_->mutex);
    state_->given.wait(lock, [&] { return state_->answer.has_value(); });
    return *state_->answer;
  }
  bool is_given() const {
    const std::lock_guard lock(state_->mutex);
    return state_->answer.has_value();
  }
  int times() const {
    const std::lock_guard lock(state_->mutex);
    return state_->times;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable given;
    std::optional<StatusOr<T>> answer;
    int times = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace fft
