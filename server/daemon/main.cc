#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "server/base/log.h"
#include "server/config/flags.h"
#include "server/config/load.h"
#include "server/daemon/daemon.h"
#include "server/daemon/dev.h"
#include "server/daemon/notify.h"
#include "server/daemon/signals.h"
#include "server/store/migrate.h"

namespace {

using fft::Code;
using fft::Config;
using fft::Error;
using fft::LoadedConfig;
using fft::Message;
using fft::Status;
using fft::StatusOr;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

struct CommandLine {
  fft::ConfigFlags flags;
  std::string data;  // of dev and stop
  int slots = 2;
  bool in_background = false;
  bool stops = false;
  std::vector<std::string> arguments;  // all, for a process that does the same in the background
};

StatusOr<LoadedConfig> Load(const CommandLine& line, Config defaults) {
  auto values = line.flags.values;
  if (!line.data.empty())
    values["data_dir"] = {std::filesystem::absolute(line.data).lexically_normal().string()};
  return fft::LoadConfig({.file = line.flags.file,
                          .environment = fft::ConfigEnvironment(),
                          .flags = std::move(values),
                          .defaults = std::move(defaults)});
}

int Report(const Status& status) {
  if (status.ok()) return 0;
  fmt::print(stderr, "fftd: {}\n", Message(status));
  return status.code() == Code::kInvalidArgument ? kUsage : kFailed;
}

Status RequireDatabase(const Config& config) {
  if (!config.database.empty()) return fft::Ok();
  return Error(Code::kInvalidArgument,
               "no database is set: give --database, FFTD_DATABASE or database in the file of "
               "--config; `fftd dev` brings its own");
}

Status Serve(const Config& config, const fft::Signals& signals) {
  if (Status set = RequireDatabase(config); !set.ok()) return set;
  const auto daemon = fft::Daemon::Start(config);
  if (!daemon.ok()) return daemon.status();
  fft::NotifyReady("serving at " + (*daemon)->addresses().front());
  signals.Wait(fft::Duration(-1));
  signals.EndAtOnce();
  (*daemon)->Stop();
  return fft::Ok();
}

int RunServe(const CommandLine& line) {
  const StatusOr<LoadedConfig> loaded = Load(line, {});
  if (!loaded.ok()) return Report(loaded.status());
  const fft::Signals signals;
  fft::SetUpLog(loaded->config.log_level, loaded->config.logs_json, "fftd");
  fft::RaiseFileLimit();
  return Report(Serve(loaded->config, signals));
}

int RunStop(const CommandLine& line) {
  const StatusOr<LoadedConfig> loaded = Load(line, fft::DevDefaults());
  if (!loaded.ok()) return Report(loaded.status());
  return Report(fft::StopDev(fft::DevDataDir(loaded->config)));
}

int RunWarehouse(const CommandLine& line) {
  const StatusOr<LoadedConfig> loaded = Load(line, fft::DevDefaults());
  if (!loaded.ok()) return Report(loaded.status());
  const StatusOr<std::string> uri = fft::DevWarehouse(fft::DevDataDir(loaded->config));
  if (uri.ok()) fmt::print("{}\n", *uri);
  return Report(uri.status());
}

int RunDev(const CommandLine& line) {
  if (line.stops) return RunStop(line);
  const StatusOr<LoadedConfig> loaded = Load(line, fft::DevDefaults());
  if (!loaded.ok()) return Report(loaded.status());
  if (!loaded->config.database.empty())
    return Report(Error(Code::kInvalidArgument, "database ({}): fftd dev brings its own",
                        loaded->OriginOf("database")));
  fft::SetUpLog(loaded->config.log_level, loaded->config.logs_json, "fftd");
  if (line.in_background) {
    std::vector<std::string> arguments;
    for (const std::string& argument : line.arguments)
      if (argument != "--background") arguments.push_back(argument);
    const StatusOr<std::string> ready =
        fft::RunInBackground(fft::DevDataDir(loaded->config), std::move(arguments));
    if (ready.ok()) fmt::print("{}\n", *ready);
    return Report(ready.status());
  }
  const fft::Signals signals;
  fft::RaiseFileLimit();
  return Report(fft::RunDev({.config = loaded->config, .slots = line.slots}, signals));
}

int RunMigrate(const CommandLine& line) {
  const StatusOr<LoadedConfig> loaded = Load(line, {});
  if (!loaded.ok()) return Report(loaded.status());
  if (Status set = RequireDatabase(loaded->config); !set.ok()) return Report(set);
  fft::SetUpLog(loaded->config.log_level, loaded->config.logs_json, "fftd");
  const StatusOr<int> version = fft::Migrate(loaded->config.database);
  if (version.ok()) fmt::print("the schema is at version {}\n", *version);
  return Report(version.status());
}

int RunConfig(const CommandLine& line) {
  const StatusOr<LoadedConfig> loaded = Load(line, {});
  if (loaded.ok()) fmt::print("{}", fft::ShowConfig(*loaded));
  return Report(loaded.status());
}

int RunVersion() {
  fmt::print("fftd {} (schema {})\n", fft::ProgramVersion(), fft::Migrations().back().version);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  line.arguments.assign(argv + 1, argv + argc);
  CLI::App app{"fftd: builds data partitions for whoever asks, each once"};
  app.fallthrough();
  app.require_subcommand(0, 1);
  fft::AddConfigFlags(app, &line.flags);
  app.add_subcommand("serve", "run the daemon on a database; what happens without a command");
  CLI::App* const dev =
      app.add_subcommand("dev", "run the daemon with a PostgreSQL and a worker of its own");
  dev->add_option("--data", line.data, "folder for everything; as --data-dir");
  dev->add_option("--slots", line.slots, "runs at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  dev->add_flag("--background", line.in_background, "return when it serves");
  dev->add_flag("--stop", line.stops, "as fftd stop");
  CLI::App* const stop = app.add_subcommand("stop", "stop the daemon of fftd dev");
  stop->add_option("--data", line.data, "its folder; as --data-dir");
  CLI::App* const warehouse =
      app.add_subcommand("warehouse", "show the URI of the PostgreSQL that fftd dev has for you");
  warehouse->add_option("--data", line.data, "its folder; as --data-dir");
  CLI::App* const migrate = app.add_subcommand("migrate", "bring the database to this schema");
  CLI::App* const config = app.add_subcommand("config", "show all settings and their origins");
  CLI::App* const version = app.add_subcommand("version", "show the version");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (dev->parsed()) return RunDev(line);
  if (stop->parsed()) return RunStop(line);
  if (warehouse->parsed()) return RunWarehouse(line);
  if (migrate->parsed()) return RunMigrate(line);
  if (config->parsed()) return RunConfig(line);
  if (version->parsed()) return RunVersion();
  return RunServe(line);
}
