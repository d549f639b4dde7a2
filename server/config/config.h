#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "server/base/log.h"
#include "server/base/time.h"

namespace fft {

/// All that can be set about a daemon.  A plain value: whoever has one has one that was checked.
/// docs/operations.md explains every key; settings.cc names them.
struct Config {
  /// libpq connection string.  May hold a password: show it only through WithoutPassword().
  std::string database;
  std::string database_password_file;  // its first line is the password; empty: none

  std::vector<std::string> listen;  // `unix:/path` or `host:port`; empty: DefaultSocketPath()
  std::string advertise;            // where others reach this one; empty: the first of `listen`
  bool allows_remote = false;       // listening elsewhere than on unix sockets and loopback
  std::string metrics_listen = "127.0.0.1:9464";  // empty: no metrics

  LogLevel log_level = LogLevel::kInfo;
  bool logs_json = false;
  std::string data_dir;          // of `fftd dev`; empty: DefaultDataDir()
  std::string secrets_key_file;  // 32 bytes; empty: no secrets are kept

  Duration lease_length{30'000};
  Duration heartbeat_every{5'000};
  Duration orphan_after{60'000};
  Duration kill_after{15'000};
  Duration leader_patience{10'000};
  Duration drain_max{10'000};

  // Zero: for ever.
  Duration keep_events{30LL * 24 * 3'600'000};
  Duration keep_logs{30LL * 24 * 3'600'000};
  Duration keep_builds{90LL * 24 * 3'600'000};

  int read_threads = 4;
  std::int64_t inbox_size = 10'000;
  std::int64_t read_queue_size = 10'000;
  std::int64_t event_ring_size = 20'000;

  bool operator==(const Config&) const = default;
};

}  // namespace fft
