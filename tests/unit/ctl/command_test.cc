#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/ctl/session.h"
#include "tests/unit/client/fake_daemon.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using testing::HasSubstr;

/// fftctl against a daemon that accepts build 7 and tells what the test wants of it.
class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    daemon.on_create = [](const v1::CreateBuildRequest& request, v1::Build& build) {
      build.set_id(7);
      build.set_graph(request.graph());
      build.set_state(v1::BUILD_RECEIVED);
      return grpc::Status::OK;
    };
    End(v1::BUILD_SUCCEEDED);
  }

  /// The watch tells one node's run, and how the build ended.
  void End(v1::BuildState state) {
    daemon.on_watch = [state](const v1::WatchBuildRequest&, FakeDaemon::Watched& stream,
                              grpc::ServerContext&) {
      v1::WatchResponse message;
      auto* const change = message.add_events()->mutable_nodes_changed();
      change->set_state(v1::NODE_RUNNING);
      change->add_changes()->set_node(1);
      auto* const build = message.add_events()->mutable_build_changed()->mutable_build();
      build->set_id(7);
      build->set_state(state);
      stream.Write(message);
      return grpc::Status::OK;
    };
  }

  int RunWith(const std::vector<std::string>& words) {
    std::vector<const char*> argv = {"fftctl"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    const Parsed parsed = ParseArguments(static_cast<int>(argv.size()), argv.data());
    EXPECT_TRUE(parsed.arguments) << parsed.text;
    ClientOptions options;
    options.address = daemon.address();
    options.pause = [](Duration, const std::stop_token& token) { return !token.stop_requested(); };
    Client client(options);
    out.str("");
    err.str("");
    const Session session{*parsed.arguments,
                          client,
                          out,
                          err,
                          stop.get_token(),
                          [this] { is_listening = true; },
                          [this](Duration) { return is_stopped_again; }};
    return RunCommand(session);
  }

  FakeDaemon daemon;
  std::ostringstream out, err;
  std::stop_source stop;
  bool is_listening = false;
  bool is_stopped_again = false;
};

TEST_F(CommandTest, BuildSucceeds) {
  EXPECT_EQ(RunWith({"build", "weather", "a"}), kDone);
  EXPECT_EQ(out.str(), "build 7 succeeded: 0 nodes, 0 ran, 0 cached, 0 cut off, 0 failed\n");
  EXPECT_EQ(err.str(), "");
  EXPECT_TRUE(is_listening);
}

TEST_F(CommandTest, BuildFails) {
  End(v1::BUILD_FAILED);
  EXPECT_EQ(RunWith({"build", "weather", "a"}), kFailed);
  EXPECT_EQ(RunWith({"watch", "7"}), kFailed);
}

TEST_F(CommandTest, BuildAsJsonIsALineForEachEvent) {
  EXPECT_EQ(RunWith({"build", "weather", "a", "-o", "json"}), kDone);
  const std::string text = out.str();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_THAT(text, HasSubstr(R"("nodesChanged":{"state":"NODE_RUNNING")"));
  EXPECT_THAT(text, HasSubstr(R"("buildChanged":{"build":{"id":"7")"));
}

TEST_F(CommandTest, DetachedBuildIsNotWatched) {
  daemon.on_watch = {};
  EXPECT_EQ(RunWith({"build", "weather", "a", "--detach"}), kDone);
  EXPECT_EQ(out.str(), "build 7 received; follow it with: fftctl watch 7\n");
  EXPECT_FALSE(is_listening);
}

TEST_F(CommandTest, RefusalsNameTheReason) {
  daemon.on_create = [](const v1::CreateBuildRequest&, v1::Build&) {
    return RichError(grpc::StatusCode::NOT_FOUND, "no graph 'weather'", "GRAPH_NOT_FOUND");
  };
  EXPECT_EQ(RunWith({"build", "weather", "a"}), kFailed);
  EXPECT_EQ(err.str(), "fftctl: no graph 'weather' (GRAPH_NOT_FOUND)\n");
  EXPECT_EQ(RunWith({"build", "weather", "a", "-o", "json"}), kFailed);
  EXPECT_EQ(err.str(), R"({"error":{"code":"NOT_FOUND","fields":[],"message":"no graph 'weather'",)"
                       R"("metadata":{"culprit":"it"},"reason":"GRAPH_NOT_FOUND"}})"
                       "\n");
}

TEST_F(CommandTest, UnreachableSaysWhereAndWhatToDo) {
  daemon.Stop();
  EXPECT_EQ(RunWith({"list"}), kUnreachable);
  EXPECT_THAT(err.str(), HasSubstr("cannot reach fftd at " + daemon.address()));
  EXPECT_THAT(err.str(), HasSubstr("fftd dev"));
  EXPECT_EQ(RunWith({"doctor"}), kUnreachable);
}

TEST_F(CommandTest, InterruptedBuildGoesOn) {
  daemon.on_watch = [this](const v1::WatchBuildRequest&, FakeDaemon::Watched& stream,
                           grpc::ServerContext& context) {
    stream.Write({});
    stop.request_stop();
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  };
  EXPECT_EQ(RunWith({"build", "weather", "a"}), kDetached);
  EXPECT_THAT(err.str(), HasSubstr("build 7 goes on; come back with: fftctl watch 7"));
  EXPECT_TRUE(daemon.cancelled.empty());
}

TEST_F(CommandTest, InterruptedTwiceIsCancelled) {
  stop.request_stop();
  is_stopped_again = true;
  EXPECT_EQ(RunWith({"build", "weather", "a"}), kFailed);
  EXPECT_THAT(daemon.cancelled, testing::ElementsAre(7));
  EXPECT_THAT(out.str(), HasSubstr("build 7 cancelled"));
}

TEST_F(CommandTest, BrokenStreamIsTakenUpAndTold) {
  int calls = 0;
  daemon.on_watch = [&](const v1::WatchBuildRequest&, FakeDaemon::Watched& stream,
                        grpc::ServerContext&) {
    if (++calls == 1) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed");
    v1::WatchResponse message;
    auto* const build = message.add_events()->mutable_build_changed()->mutable_build();
    build->set_id(7);
    build->set_state(v1::BUILD_SUCCEEDED);
    stream.Write(message);
    return grpc::Status::OK;
  };
  EXPECT_EQ(RunWith({"build", "weather", "a"}), kDone);
  EXPECT_EQ(err.str(), "lost fftd (Socket closed); trying again\nfftd is back\n");
}

}  // namespace
}  // namespace fft
