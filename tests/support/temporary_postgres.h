#pragma once

#include <string>

#include <sys/types.h>

namespace fft {

/// A PostgreSQL of one test program: in a folder of its own, on a unix socket only, gone with it.
///
/// Used by one thread.  The server dies with the thread that started it, whatever kills that one,
/// so that a crashed test leaves nothing running.  Runs as the user postgres when we are root.
/// Every failure ends the program with what PostgreSQL logged.
class TemporaryPostgres {
 public:
  struct Options {
    bool fsync = false;  // off: tests do not crash the machine
  };
  TemporaryPostgres() : TemporaryPostgres(Options{}) {}
  explicit TemporaryPostgres(const Options& options);
  ~TemporaryPostgres();
  TemporaryPostgres(const TemporaryPostgres&) = delete;
  TemporaryPostgres& operator=(const TemporaryPostgres&) = delete;

  /// For libpq and libpqxx.
  std::string conninfo(const std::string& database = "postgres") const;
  /// A new database, a copy of `source`; returns its name.  Nobody may be connected to `source`.
  std::string NewDatabase(const std::string& source = "template0");
  /// What psql prints for `sql`, unaligned and without headers.
  std::string Psql(const std::string& database, const std::string& sql) const;
  /// What pg_dump prints as the schema of `database`.
  std::string DumpSchema(const std::string& database) const;

  /// Kills the server and all of its sessions at once, as a crash of the machine would.
  void KillMinusNine();
  /// Starts it again after KillMinusNine(): recovers from the log.
  void Restart();

 private:
  void Start();
  std::string Program(const std::string& name) const;
  /// Runs `command` in a shell in the folder; its output.  Ends the program unless it succeeds.
  std::string Run(const std::string& command) const;
  [[noreturn]] void Fail(const std::string& what) const;

  const bool is_root_;
  std::string folder_;
  pid_t server_ = 0;
  int databases_ = 0;
};

}  // namespace fft
