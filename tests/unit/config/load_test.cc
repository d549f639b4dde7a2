#include "server/config/load.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A folder of its own for each test.
class LoadConfigTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "fft-config-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) const {
    std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  StatusOr<LoadedConfig> LoadFile(const std::string& text) const {
    return LoadConfig(
        {.file = Write("fftd.yaml", text), .environment = {}, .flags = {}, .defaults = {}});
  }
  /// The error of a file with this text.
  std::string FileError(const std::string& text) const {
    const StatusOr<LoadedConfig> loaded = LoadFile(text);
    if (loaded.ok()) return "no error";
    EXPECT_EQ(loaded.status().code(), Code::kInvalidArgument);
    return Message(loaded.status());
  }

  std::string folder_;
};

ConfigSources FromEnvironment(std::map<std::string, std::string> environment) {
  return {.file = "", .environment = std::move(environment), .flags = {}, .defaults = {}};
}
ConfigSources FromFlags(std::map<std::string, std::vector<std::string>> flags) {
  return {.file = "", .environment = {}, .flags = std::move(flags), .defaults = {}};
}

TEST_F(LoadConfigTest, NothingGivenIsTheDefaults) {
  const StatusOr<LoadedConfig> loaded = LoadConfig({});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config, Config{});
  for (const EffectiveSetting& setting : loaded->settings) EXPECT_EQ(setting.origin, "default");
}

TEST_F(LoadConfigTest, FlagsWinOverEnvironmentOverFileOverDefaults) {
  const std::string file = Write("fftd.yaml",
                                 "lease_length: 31s\n"
                                 "orphan_after: 71s\n"
                                 "inbox_size: 100\n");
  const StatusOr<LoadedConfig> loaded = LoadConfig(
      {.file = file,
       .environment = {{"FFTD_ORPHAN_AFTER", "72s"}, {"FFTD_INBOX_SIZE", "200"}, {"PATH", "/bin"}},
       .flags = {{"inbox_size", {"300"}}},
       .defaults = {.kill_after = Duration(7'000)}});
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.kill_after, Duration(7'000));
  EXPECT_EQ(loaded->OriginOf("kill_after"), "default");
  EXPECT_EQ(loaded->config.lease_length, Duration(31'000));
  EXPECT_EQ(loaded->OriginOf("lease_length"), file + ":1");
  EXPECT_EQ(loaded->config.orphan_after, Duration(72'000));
  EXPECT_EQ(loaded->OriginOf("orphan_after"), "FFTD_ORPHAN_AFTER");
  EXPECT_EQ(loaded->config.inbox_size, 300);
  EXPECT_EQ(loaded->OriginOf("inbox_size"), "--inbox-size");
}

TEST_F(LoadConfigTest, EveryKeyCanBeReadFromAFile) {
  const StatusOr<LoadedConfig> loaded = LoadFile(
      "database: host=/run/pg dbname=fft\n"
      "listen: [unix:/run/fft/fftd.sock, 127.0.0.1:7450, '[::1]:7450']\n"
      "allow_remote: true\n"
      "metrics_listen: 0.0.0.0:9000\n"
      "log_level: debug\n"
      "log_format: json\n"
      "data_dir: /srv/fft\n"
      "lease_length: 1m\n"
      "heartbeat_every: 2500ms\n"
      "orphan_after: 0.5h\n"
      "kill_after: 0s\n"
      "drain_max: 1s\n"
      "advertise: fft-1.example:7450\n"
      "leader_patience: 7s\n"
      "keep_events: 2d\n"
      "keep_logs: 36h\n"
      "keep_builds: 0s\n"
      "read_threads: 5\n"
      "inbox_size: 11\n"
      "read_queue_size: 12\n"
      "event_ring_size: 1000\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const Config expected = {.database = "host=/run/pg dbname=fft",
                           .database_password_file = "",
                           .listen = {"unix:/run/fft/fftd.sock", "127.0.0.1:7450", "[::1]:7450"},
                           .advertise = "fft-1.example:7450",
                           .allows_remote = true,
                           .metrics_listen = "0.0.0.0:9000",
                           .log_level = LogLevel::kDebug,
                           .logs_json = true,
                           .data_dir = "/srv/fft",
                           .lease_length = Duration(60'000),
                           .heartbeat_every = Duration(2'500),
                           .orphan_after = Duration(1'800'000),
                           .kill_after = Duration(0),
                           .leader_patience = Duration(7'000),
                           .drain_max = Duration(1'000),
                           .keep_events = std::chrono::hours(48),
                           .keep_logs = std::chrono::hours(36),
                           .keep_builds = Duration(0),
                           .read_threads = 5,
                           .inbox_size = 11,
                           .read_queue_size = 12,
                           .event_ring_size = 1'000};
  EXPECT_EQ(loaded->config, expected);
}

TEST_F(LoadConfigTest, WhatIsShownReadsBackAsTheSame) {
  const StatusOr<LoadedConfig> loaded =
      LoadFile("listen: [unix:/a b, 127.0.0.1:1]\nlease_length: 20500ms\nmetrics_listen: ''\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  const StatusOr<LoadedConfig> again = LoadFile(ShowConfig(*loaded));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->config, loaded->config);
  EXPECT_THAT(ShowConfig(*loaded), HasSubstr("fftd.yaml:2\n"));
}

TEST_F(LoadConfigTest, AListInTheEnvironmentIsPartedByCommas) {
  const StatusOr<LoadedConfig> loaded =
      LoadConfig(FromEnvironment({{"FFTD_LISTEN", "unix:/a,localhost:1"}}));
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_THAT(loaded->config.listen, ::testing::ElementsAre("unix:/a", "localhost:1"));
}

TEST_F(LoadConfigTest, AnEmptyFileIsFine) {
  EXPECT_TRUE(LoadFile("").ok());
  EXPECT_TRUE(LoadFile("# nothing\n").ok());
}

TEST_F(LoadConfigTest, UnknownKeysNameThePlaceAndTheNearest) {
  EXPECT_EQ(FileError("inbox_size: 10\nleese_length: 30s\n"),
            folder_ + "/fftd.yaml:2: unknown key \"leese_length\"; did you mean lease_length?");
  EXPECT_EQ(FileError("colour: red\n"), folder_ + "/fftd.yaml:1: unknown key \"colour\"");
  const auto environment = LoadConfig(FromEnvironment({{"FFTD_INBOXSIZE", "1"}}));
  EXPECT_EQ(Message(environment.status()),
            "the environment: unknown key \"FFTD_INBOXSIZE\"; did you mean inbox_size?");
  EXPECT_TRUE(LoadConfig(FromEnvironment({{"FFTD_CONFIG", "/x"}})).ok());
}

TEST_F(LoadConfigTest, BadValuesNameKeyAndPlace) {
  const std::string at = folder_ + "/fftd.yaml:1: ";
  EXPECT_EQ(FileError("lease_length: soon\n"),
            at + "lease_length: \"soon\" is not of the form 500ms, 30s, 5m or 24h");
  EXPECT_EQ(FileError("lease_length: 30\n"),
            at + "lease_length: \"30\" is not of the form 500ms, 30s, 5m or 24h");
  EXPECT_EQ(FileError("lease_length: 1ms\n"), at + "lease_length: 1ms is not within 10ms and 1d");
  EXPECT_EQ(FileError("inbox_size: many\n"), at + "inbox_size: \"many\" is not a whole number");
  EXPECT_EQ(FileError("read_threads: 0\n"), at + "read_threads: 0 is not within 1 and 256");
  EXPECT_EQ(FileError("log_level: loud\n"),
            at + "log_level: \"loud\" is none of debug, info, warning and error");
  EXPECT_EQ(FileError("log_format: xml\n"), at + "log_format: \"xml\" is neither text nor json");
  EXPECT_EQ(FileError("allow_remote: perhaps\n"),
            at + "allow_remote: \"perhaps\" is neither true nor false");
  EXPECT_EQ(FileError("data_dir: here\n"), at + "data_dir: \"here\" is not an absolute path");
}

TEST_F(LoadConfigTest, BadAddressesAreRefused) {
  EXPECT_THAT(FileError("listen: nowhere\n"), HasSubstr("neither host:port nor unix:/path"));
  EXPECT_THAT(FileError("listen: localhost:99999\n"), HasSubstr("neither host:port"));
  EXPECT_THAT(FileError("listen: '::1:5'\n"), HasSubstr("neither host:port"));
  EXPECT_THAT(FileError("listen: unix:sock\n"), HasSubstr("holds no absolute path"));
  EXPECT_THAT(FileError("listen: unix:/" + std::string(107, 'x') + "\n"),
              HasSubstr("has 108 bytes: a socket's path has at most 107"));
  EXPECT_THAT(FileError("metrics_listen: unix:/x\n"), HasSubstr("over TCP alone"));
}

TEST_F(LoadConfigTest, OtherMachinesAreLetInOnlyOnPurpose) {
  EXPECT_THAT(
      FileError("listen: [127.0.0.1:1, 0.0.0.0:7450]\n"),
      AllOf(HasSubstr("fftd.yaml:1"), HasSubstr("0.0.0.0:7450"), HasSubstr("set allow_remote")));
  EXPECT_TRUE(LoadFile("listen: 0.0.0.0:7450\nallow_remote: yes\n").ok());
}

TEST_F(LoadConfigTest, WhatIsNotAFlatMapIsRefused) {
  const std::string file = folder_ + "/fftd.yaml";
  EXPECT_THAT(FileError("- a\n- b\n"), HasSubstr(file + ":1: must be a map"));
  EXPECT_THAT(FileError("inbox_size: 10\nlog_level: {a: b}\n"),
              HasSubstr(file + ":2: log_level: must be a plain value"));
  EXPECT_THAT(FileError("inbox_size: [10]\n"),
              HasSubstr(file + ":1: inbox_size takes one value, not a list"));
  EXPECT_THAT(FileError("listen: [[a]]\n"), HasSubstr("listen: its items must be plain values"));
  EXPECT_THAT(FileError("inbox_size: 10\ninbox_size: 20\n"),
              HasSubstr(file + ":2: inbox_size was given in line 1 already"));
  EXPECT_THAT(FileError("inbox_size: 10\n\tlog: x\n"), HasSubstr(file + ":"));
  EXPECT_THAT(FileError("inbox_size: 'x\n"), HasSubstr(file + ":"));
  EXPECT_THAT(FileError(std::string((1 << 20) + 1, '#')), HasSubstr("is larger than"));
}

TEST_F(LoadConfigTest, AFileThatIsNotThereIsNamed) {
  const auto loaded =
      LoadConfig({.file = folder_ + "/none", .environment = {}, .flags = {}, .defaults = {}});
  EXPECT_EQ(loaded.status().code(), Code::kNotFound);
  EXPECT_THAT(Message(loaded.status()), HasSubstr(folder_ + "/none"));
}

TEST_F(LoadConfigTest, ValuesThatDoNotGoTogetherNameBoth) {
  EXPECT_EQ(FileError("heartbeat_every: 20s\n"),
            "heartbeat_every (20s, " + folder_ +
                "/fftd.yaml:1) must be at most half of lease_length (30s, default)");
  EXPECT_THAT(FileError("orphan_after: 20s\n"),
              HasSubstr("lease_length (30s, default) must not exceed orphan_after (20s,"));
  EXPECT_THAT(FileError("database_password_file: /x\n"), HasSubstr("of no use without database"));
}

TEST_F(LoadConfigTest, AValueGivenTwiceAsFlagIsRefused) {
  const auto loaded = LoadConfig(FromFlags({{"inbox_size", {"10", "20"}}}));
  EXPECT_EQ(Message(loaded.status()), "--inbox-size: inbox_size takes one value, not 2");
}

TEST_F(LoadConfigTest, ThePasswordIsReadAndNeverShown) {
  const std::string secret = Write("password", "s3cr'et\nnot this\n");
  const auto loaded = LoadFile("database: dbname=fft\ndatabase_password_file: " + secret + "\n");
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->config.database, "dbname=fft password='s3cr\\'et'");
  EXPECT_THAT(ShowConfig(*loaded), AllOf(Not(HasSubstr("s3cr")), HasSubstr("password=***")));
  EXPECT_THAT(FileError("database: dbname=fft\ndatabase_password_file: " + folder_ + "/none\n"),
              HasSubstr("database_password_file"));
  EXPECT_THAT(FileError("database: dbname=fft\ndatabase_password_file: " + Write("empty", "")),
              HasSubstr("it is empty"));
}

}  // namespace
}  // namespace fft
