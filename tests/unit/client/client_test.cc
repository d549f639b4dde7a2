#include "client/lib/client.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/lib/address.h"
#include "client/lib/backoff.h"
#include "client/lib/calls.h"
#include "server/base/error_details.h"
#include "tests/unit/client/fake_daemon.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using testing::ElementsAre;
using testing::HasSubstr;

class ClientTest : public testing::Test {
 protected:
  ClientTest() {
    options.address = daemon.address();
    options.principal = "ann";
    options.pause = [this](Duration length, const std::stop_token& stop) {
      pauses.push_back(length.count());
      if (on_pause) on_pause();
      return !stop.stop_requested();
    };
  }

  FakeDaemon daemon;
  ClientOptions options;
  std::vector<std::int64_t> pauses;
  std::function<void()> on_pause;
};

TEST_F(ClientTest, SaysWhoAsksAndMakesUpARequestId) {
  std::string id;
  daemon.on_create = [&](const v1::CreateBuildRequest& request, v1::Build& build) {
    id = request.request_id();
    build.set_id(7);
    return grpc::Status::OK;
  };
  Client client(options);
  const auto build = CreateBuild(client, {});
  ASSERT_TRUE(build.ok()) << build.status();
  EXPECT_EQ(build->id(), 7);
  EXPECT_EQ(build->principal(), "ann");
  EXPECT_EQ(id.size(), 32U);
}

TEST_F(ClientTest, TriesAgainAfterTheDelayThatIsAskedForWithTheSameRequestId) {
  std::vector<std::string> ids;
  daemon.on_create = [&](const v1::CreateBuildRequest& request, v1::Build& build) {
    ids.push_back(request.request_id());
    if (ids.size() < 3)
      return RichError(grpc::StatusCode::RESOURCE_EXHAUSTED, "inbox is full", "INBOX_FULL", 1'250);
    build.set_id(7);
    return grpc::Status::OK;
  };
  Client client(options);
  const auto build = CreateBuild(client, {});
  ASSERT_TRUE(build.ok()) << build.status();
  EXPECT_THAT(pauses, ElementsAre(1'250, 1'250));
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_EQ(ids[0], ids[2]);
}

TEST_F(ClientTest, GivesUpWhenPatienceEnds) {
  options.patience = Duration(3'000);
  daemon.on_create = [&](const v1::CreateBuildRequest&, v1::Build&) {
    return RichError(grpc::StatusCode::UNAVAILABLE, "database is gone", "STORE_GONE", 1'000);
  };
  Client client(options);
  const auto build = CreateBuild(client, {});
  EXPECT_EQ(build.status().code(), Code::kUnavailable);
  EXPECT_EQ(DetailsOf(build.status()).reason, "STORE_GONE");
  EXPECT_FALSE(IsUnreachable(build.status()));
  EXPECT_THAT(pauses, ElementsAre(1'000, 1'000, 1'000));
}

TEST_F(ClientTest, DoesNotRepeatWhatIsWrong) {
  int calls = 0;
  daemon.on_create = [&](const v1::CreateBuildRequest&, v1::Build&) {
    ++calls;
    return RichError(grpc::StatusCode::NOT_FOUND, "no graph it", "GRAPH_NOT_FOUND");
  };
  Client client(options);
  const auto build = CreateBuild(client, {});
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(Message(build.status()), "no graph it");
  EXPECT_EQ(DetailsOf(build.status()).reason, "GRAPH_NOT_FOUND");
  EXPECT_EQ(DetailsOf(build.status()).metadata.at("culprit"), "it");
}

// gRPC says no more when a call meets a server that is about to end.
TEST_F(ClientTest, WhatNobodyHereCancelledIsTriedAgain) {
  int calls = 0;
  daemon.on_create = [&](const v1::CreateBuildRequest&, v1::Build& build) {
    build.set_id(7);
    return ++calls < 3 ? grpc::Status::CANCELLED : grpc::Status::OK;
  };
  Client client(options);
  const auto build = CreateBuild(client, {});
  EXPECT_TRUE(build.ok()) << build.status();
  EXPECT_EQ(calls, 3);
  daemon.on_create = [&](const v1::CreateBuildRequest&, v1::Build&) {
    ++calls;
    return RichError(grpc::StatusCode::CANCELLED, "the operator ended it", "ENDED");
  };
  EXPECT_EQ(CreateBuild(client, {}).status().code(), Code::kCancelled);
  EXPECT_EQ(calls, 4);
}

TEST_F(ClientTest, NobodyThereIsToldAtOnce) {
  daemon.Stop();
  Client client(options);
  const auto build = CreateBuild(client, {});
  EXPECT_TRUE(IsUnreachable(build.status())) << build.status();
  EXPECT_THAT(Message(build.status()), HasSubstr("cannot reach fftd at " + daemon.address()));
  EXPECT_TRUE(pauses.empty());
}

TEST_F(ClientTest, SomebodyWhoWasThereIsWaitedFor) {
  daemon.on_create = [&](const v1::CreateBuildRequest&, v1::Build& build) {
    build.set_id(7);
    return grpc::Status::OK;
  };
  Client client(options);
  ASSERT_TRUE(CreateBuild(client, {}).ok());
  daemon.Stop();
  on_pause = [&] {
    if (pauses.size() == 2) daemon.Start();
    if (pauses.size() >= 2)
      client.channel()->WaitForConnected(std::chrono::system_clock::now() +
                                         std::chrono::seconds(30));
  };
  options.patience = Duration(600'000);
  const auto build = CreateBuild(client, {});
  EXPECT_TRUE(build.ok()) << build.status();
  EXPECT_GE(pauses.size(), 2U);
}

TEST_F(ClientTest, GoesToTheLeaderThatIsNamed) {
  FakeDaemon leader;
  daemon.on_create = [&](const v1::CreateBuildRequest&, v1::Build&) {
    return RichError(grpc::StatusCode::UNAVAILABLE, "this daemon stands by", "NOT_LEADING", 0,
                     leader.address());
  };
  leader.on_create = [&](const v1::CreateBuildRequest&, v1::Build& build) {
    build.set_id(8);
    return grpc::Status::OK;
  };
  Client client(options);
  const auto build = CreateBuild(client, {});
  ASSERT_TRUE(build.ok()) << build.status();
  EXPECT_EQ(build->id(), 8);
  EXPECT_TRUE(pauses.empty());
}

TEST_F(ClientTest, TriesEachOfSeveralAndWaitsForNoneThatNeverWas) {
  FakeDaemon other;
  other.on_create = [&](const v1::CreateBuildRequest&, v1::Build& build) {
    build.set_id(9);
    return grpc::Status::OK;
  };
  daemon.Stop();
  options.address = daemon.address() + "," + other.address();
  Client client(options);
  const auto build = CreateBuild(client, {});
  ASSERT_TRUE(build.ok()) << build.status();
  EXPECT_EQ(build->id(), 9);
  other.Stop();
  Client unlucky(options);
  EXPECT_TRUE(IsUnreachable(CreateBuild(unlucky, {}).status()));
  EXPECT_TRUE(pauses.empty());
}

TEST_F(ClientTest, PagesToTheEnd) {
  daemon.on_list = [&](const v1::ListBuildsRequest& request, v1::ListBuildsResponse& reply) {
    const int page = request.page_token().empty() ? 0 : std::stoi(request.page_token());
    reply.add_builds()->set_id(page + 1);
    if (page < 2) reply.set_next_page_token(std::to_string(page + 1));
    return grpc::Status::OK;
  };
  Client client(options);
  std::vector<std::int64_t> ids;
  const auto take = [&](const v1::ListBuildsResponse& page) {
    ids.push_back(page.builds(0).id());
    return ids.size() != 5;
  };
  EXPECT_TRUE(EachPage(client, &v1::Builds::Stub::ListBuilds, {}, take).ok());
  EXPECT_TRUE(EachPage(client, &v1::Builds::Stub::ListBuilds, {}, take).ok());
  EXPECT_THAT(ids, ElementsAre(1, 2, 3, 1, 2));
}

/// Ten messages with one event each; the stream breaks after every third.
void WatchWithBreaks(FakeDaemon& daemon, std::vector<std::string>& tokens) {
  daemon.on_watch = [&](const v1::WatchBuildRequest& request, FakeDaemon::Watched& stream,
                        grpc::ServerContext&) {
    tokens.push_back(request.resume_token());
    const int from = request.resume_token().empty() ? 1 : std::stoi(request.resume_token()) + 1;
    for (int i = from; i <= 10; ++i) {
      v1::WatchResponse message;
      message.add_events()->set_seq(i);
      message.set_resume_token(std::to_string(i));
      stream.Write(message);
      if (i % 3 == 0) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "Socket closed");
    }
    return grpc::Status::OK;
  };
}

TEST_F(ClientTest, WatchingResumesWhereItBroke) {
  std::vector<std::string> tokens;
  WatchWithBreaks(daemon, tokens);
  Client client(options);
  int told = 0;
  client.OnBroken([&](const Status&) { ++told; });
  std::vector<std::int64_t> seen;
  const Status status = WatchBuild(client, 7, [&](const v1::WatchResponse& message) {
    for (const auto& event : message.events()) seen.push_back(event.seq());
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  EXPECT_THAT(tokens, ElementsAre("", "3", "6", "9"));
  EXPECT_EQ(told, 3);
}

TEST_F(ClientTest, WatchingEndsWithAnErrorOfTheDaemon) {
  daemon.on_watch = [&](const v1::WatchBuildRequest&, FakeDaemon::Watched&, grpc::ServerContext&) {
    return RichError(grpc::StatusCode::NOT_FOUND, "no build 7", "BUILD_NOT_FOUND");
  };
  Client client(options);
  const Status status = WatchBuild(client, 7, [](const v1::WatchResponse&) {});
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_TRUE(pauses.empty());
}

TEST_F(ClientTest, WatchingStopsWhenAsked) {
  daemon.on_watch = [&](const v1::WatchBuildRequest&, FakeDaemon::Watched& stream,
                        grpc::ServerContext& context) {
    stream.Write({});
    while (!context.IsCancelled()) std::this_thread::yield();
    return grpc::Status::CANCELLED;
  };
  Client client(options);
  std::stop_source stop;
  std::thread stopper;
  const Status status = WatchBuild(
      client, 7,
      [&](const v1::WatchResponse&) { stopper = std::thread([&] { stop.request_stop(); }); },
      stop.get_token());
  stopper.join();
  EXPECT_EQ(status.code(), Code::kCancelled);
}

TEST_F(ClientTest, SendsOnlyMissingBlobs) {
  const TemporaryFolder folder;
  const std::string large(std::size_t{5} << 19, 'x');  // two and a half pieces
  const Digest one = Sha256("one"), two = Sha256(large), none = Sha256("");
  daemon.blobs.kept[std::string(one.view())] = "one";
  Client client(options);
  const auto sent = SendMissing(client, {{one, folder.Write("one", "one")},
                                         {two, folder.Write("two", large)},
                                         {none, folder.Write("none", "")}});
  ASSERT_TRUE(sent.ok()) << sent.status();
  EXPECT_EQ(sent->files, 2);
  EXPECT_EQ(sent->bytes, static_cast<std::int64_t>(large.size()));
  EXPECT_EQ(daemon.blobs.kept.at(std::string(two.view())), large);
  EXPECT_EQ(daemon.blobs.messages, 4);
}

TEST_F(ClientTest, ABlobThatChangedOrVanishedIsAnError) {
  const TemporaryFolder folder;
  Client client(options);
  const auto changed = SendMissing(client, {{Sha256("a"), folder.Write("file", "b")}});
  EXPECT_EQ(DetailsOf(changed.status()).reason, "DIGEST_MISMATCH");
  const auto gone = SendMissing(client, {{Sha256("a"), folder / "gone"}});
  EXPECT_THAT(Message(gone.status()), HasSubstr("gone: cannot be read any more"));
}

TEST(BackoffTest, DoublesUpToAMostWithJitterWithinPatience) {
  Backoff backoff(Duration(1'000));
  EXPECT_EQ(backoff.Next({}, 0.5), Duration(50));
  EXPECT_EQ(backoff.Next({}, 0.0), Duration(75));
  EXPECT_EQ(backoff.Next({}, 1.0), Duration(250));
  EXPECT_EQ(backoff.Next(Duration(600), 0.5), Duration(600));
  EXPECT_EQ(backoff.Next({}, 0.5), std::nullopt);
  backoff.Reset();
  EXPECT_EQ(backoff.Next({}, 0.5), Duration(50));
}

TEST(AddressTest, FlagThenVariableThenDefault) {
  setenv("FFT_ADDRESS", "host:5", 1);
  EXPECT_EQ(AddressOf("/run/x.sock"), "unix:/run/x.sock");
  EXPECT_EQ(AddressOf("./x.sock"), "unix:./x.sock");
  EXPECT_EQ(AddressOf("unix:/y"), "unix:/y");
  EXPECT_EQ(AddressOf(""), "host:5");
  unsetenv("FFT_ADDRESS");
  setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
  EXPECT_EQ(AddressOf(""), "unix:/run/user/1/fft/fftd.sock");
  unsetenv("XDG_RUNTIME_DIR");
  setenv("HOME", "/home/ann", 1);
  EXPECT_EQ(DefaultAddress(), "unix:/home/ann/.local/state/fft/fftd.sock");
  EXPECT_FALSE(LocalUser().empty());
}

}  // namespace
}  // namespace fft
