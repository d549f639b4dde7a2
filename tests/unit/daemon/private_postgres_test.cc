#include "server/daemon/private_postgres.h"

#include <csignal>
#include <filesystem>
#include <memory>
#include <string>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/daemon/cluster.h"
#include "server/daemon/process.h"
#include "tests/support/eventually.h"
#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

/// What psql answers; empty when it fails.
std::string Query(const PrivatePostgres& postgres, const std::string& sql) {
  const auto end = RunProgram({.argv = {"psql", "-XtA", "-d", postgres.conninfo(), "-c", sql},
                               .environment = EnvironmentWithout({"PG"}),
                               .folder = "/",
                               .log = ""},
                              Duration(30'000));
  if (!end.ok() || end->exit_code != 0) return "";
  return end->output;
}

/// Stops what outlives a test in `folder`.
void StopIn(const std::string& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) return;
  EXPECT_TRUE(Cluster::Prepare(folder)->StopServer().ok());
  const auto elsewhere = std::filesystem::read_symlink(folder, error);
  if (!error) std::filesystem::remove_all(elsewhere.parent_path(), error);
}

/// One cluster for all: to make one takes longest.
class PrivatePostgresTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    parent_ = std::make_unique<TemporaryFolder>();
    chmod(parent_->path().c_str(), 0711);
    folder_ = *parent_ / "postgres";
  }
  static void TearDownTestSuite() {
    StopIn(folder_);
    parent_.reset();
  }

  static std::unique_ptr<TemporaryFolder> parent_;
  static std::string folder_;
};
std::unique_ptr<TemporaryFolder> PrivatePostgresTest::parent_;
std::string PrivatePostgresTest::folder_;

TEST_F(PrivatePostgresTest, StartsStopsAndKeepsItsData) {
  auto postgres = PrivatePostgres::Start(folder_);
  ASSERT_TRUE(postgres.ok()) << postgres.status();
  EXPECT_EQ(Query(**postgres, "show fsync"), "on\n");
  EXPECT_EQ(Query(**postgres, "show listen_addresses"), "\n");
  EXPECT_EQ(Query(**postgres, "show server_encoding"), "UTF8\n");
  EXPECT_EQ(Query(**postgres, "create table stopped as select 7 as x"), "SELECT 1\n");
  const pid_t pid = (*postgres)->pid();
  EXPECT_EQ(getsid(pid), pid);
  ASSERT_TRUE((*postgres)->Stop().ok());
  EXPECT_FALSE(StartTicks(pid).has_value());

  auto again = PrivatePostgres::Start(folder_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_FALSE((*again)->is_adopted());
  EXPECT_EQ(Query(**again, "select x from stopped"), "7\n");
}

TEST_F(PrivatePostgresTest, AServerOfAKilledDaemonIsAdopted) {
  pid_t pid = 0;
  {
    auto postgres = PrivatePostgres::Start(folder_);
    ASSERT_TRUE(postgres.ok()) << postgres.status();
    pid = (*postgres)->pid();
  }
  EXPECT_TRUE(StartTicks(pid).has_value());
  auto postgres = PrivatePostgres::Start(folder_);
  ASSERT_TRUE(postgres.ok()) << postgres.status();
  EXPECT_TRUE((*postgres)->is_adopted());
  EXPECT_EQ((*postgres)->pid(), pid);
  EXPECT_EQ(Query(**postgres, "select 1"), "1\n");
}

TEST_F(PrivatePostgresTest, AKilledServerIsStartedAgain) {
  auto postgres = PrivatePostgres::Start(folder_);
  ASSERT_TRUE(postgres.ok()) << postgres.status();
  EXPECT_EQ(Query(**postgres, "create table killed as select 7 as x"), "SELECT 1\n");
  kill((*postgres)->pid(), SIGKILL);
  ASSERT_TRUE(Eventually([&] { return (*postgres)->revivals() == 1; }));
  EXPECT_EQ(Query(**postgres, "select x from killed"), "7\n");
}

TEST_F(PrivatePostgresTest, ALockOfAnotherProcessDoesNotStopIt) {
  {
    auto postgres = PrivatePostgres::Start(folder_);
    ASSERT_TRUE(postgres.ok()) << postgres.status();
    ASSERT_TRUE((*postgres)->Stop().ok());
  }
  parent_->Write("postgres/data/postmaster.pid", std::to_string(getpid()) + "\n");
  auto postgres = PrivatePostgres::Start(folder_);
  ASSERT_TRUE(postgres.ok()) << postgres.status();
  EXPECT_EQ(Query(**postgres, "select 1"), "1\n");
}

/// Starts, asks and stops a server below a folder of this name.
void ExpectWorksIn(const std::string& folder) {
  std::filesystem::create_directories(folder);
  auto postgres = PrivatePostgres::Start(folder + "/postgres");
  ASSERT_TRUE(postgres.ok()) << postgres.status();
  EXPECT_EQ(Query(**postgres, "select 1"), "1\n");
  EXPECT_TRUE((*postgres)->Stop().ok());
  EXPECT_TRUE(std::filesystem::exists(folder + "/postgres/data/PG_VERSION"));
}

TEST(PrivatePostgresPlace, OddNamesAndHalfMadeClustersWork) {
  const TemporaryFolder folder;
  chmod(folder.path().c_str(), 0711);
  folder.Write("a $b'\"\\/postgres/data.new/PG_VERSION", "15\n");
  ExpectWorksIn(folder / "a $b'\"\\");
}

TEST(PrivatePostgresPlace, AFolderWithoutPlaceForASocketWorks) {
  const TemporaryFolder parent;
  chmod(parent.path().c_str(), 0711);
  const std::string folder = parent / ("a," + std::string(90, 'x'));
  ExpectWorksIn(folder);
  std::filesystem::remove_all(Cluster::Prepare(folder + "/postgres")->socket_folder());
}

TEST(PrivatePostgresPlace, RootsPrivateFolderIsNoObstacle) {
  const TemporaryFolder parent;  // that only its owner may enter
  for (int i = 0; i < 2; ++i) {
    auto postgres = PrivatePostgres::Start(parent / "postgres");
    ASSERT_TRUE(postgres.ok()) << postgres.status();
    EXPECT_EQ((*postgres)->is_adopted(), i == 1);
    EXPECT_EQ(Query(**postgres, "select 1"), "1\n");
  }
  // Root runs the server as another user, who cannot enter: it stands elsewhere then.
  EXPECT_EQ(std::filesystem::is_symlink(parent / "postgres"), geteuid() == 0);
  StopIn(parent / "postgres");
}

}  // namespace
}  // namespace fft
