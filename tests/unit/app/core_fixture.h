#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "server/app/core.h"
#include "tests/support/eventually.h"
#include "tests/support/graph_builder.h"
#include "tests/unit/app/fakes.h"

namespace fft {

/// A core over a store in memory, with a graph of two noop jobs: `a`, and `b` which reads it.
class CoreTest : public testing::Test {
 protected:
  CoreTest() { Start(); }

  void Start(std::size_t inbox_max = 100) {
    core_.reset();
    core_ = std::make_unique<Core>(
        store_, library_, prober_, secrets_, clock_, observer_,
        CoreOptions{.schedule = {}, .holder = "the test", .inbox_max = inbox_max});
    EXPECT_TRUE(Eventually([&] { return core_->View().store.ok(); }));
  }

  static GraphRevision Revision() {
    using namespace testing_support;
    auto compiled =
        CompiledGraph::Compile(Graph({NoopJob("a", {"a"}), NoopJob("b", {"b"}, {Key("a")})}));
    EXPECT_TRUE(compiled.ok()) << Message(compiled.status());
    return {.spec = (*compiled)->spec(), .revision = (*compiled)->revision()};
  }
  static BuildRequest Request(const std::string& request_id = "") {
    BuildRequest request;
    request.request_id = request_id;
    request.principal = "ann";
    request.graph = "test";
    request.targets = {"b"};
    return request;
  }

  Await<Build> Create(BuildRequest request = Request()) {
    Await<Build> created;
    core_->CreateBuild(std::move(request), created.reply());
    return created;
  }
  StatusOr<WorkerWelcome> Connect(const std::shared_ptr<FakeSession>& session,
                                  std::vector<RunId> held = {}) {
    Await<WorkerWelcome> welcome;
    core_->WorkerConnected({.name = "w", .host = "here", .slots = 2, .held = std::move(held)},
                           session, welcome.reply());
    return welcome.Get();
  }
  bool IsConnected() {
    Await<std::vector<WorkerView>> views;
    core_->ListWorkers(views.reply());
    const auto list = *views.Get();
    return !list.empty() && list.front().is_connected;
  }
  /// Reports every grant of `session` that it has not reported yet as done.
  void Work(WorkerId worker, const FakeSession& session) {
    WorkerNews news{.worker = worker};
    const auto grants = session.grants();
    for (; reported_ < grants.size(); ++reported_)
      news.reports.push_back({.run = grants[reported_].lease.run,
                              .epoch = grants[reported_].lease.epoch,
                              .outcome = Outcome::kSucceeded});
    if (!news.reports.empty()) core_->WorkerSaid(std::move(news));
  }
  bool Ends(BuildId build, BuildState state) {
    return Eventually([&] {
      const auto builds = store_.builds();
      return builds.contains(build) && builds.at(build).state == state;
    });
  }

  FakeStore store_;
  FakeLibrary library_{store_, Revision()};
  FakeProber prober_;
  Secrets secrets_{Seal(std::string(Seal::kKeyBytes, 'k'))};
  FakeClock clock_;
  NoObserver observer_;
  std::size_t reported_ = 0;
  std::unique_ptr<Core> core_;
};

}  // namespace fft
