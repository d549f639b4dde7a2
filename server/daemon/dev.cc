#include "server/daemon/dev.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include <unistd.h>

#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/base/seal.h"
#include "server/daemon/daemon.h"
#include "server/daemon/notify.h"
#include "server/daemon/pid_file.h"
#include "server/daemon/private_postgres.h"
#include "server/daemon/worker_process.h"

namespace fft {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kServeLimit{60};
constexpr Duration kWorkerStopLimit{10'000};

/// Nobody but us writes there; as root, PostgreSQL's user must be able to pass.
Status MakeDataDir(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder + "/worker", error)) {
    const bool is_new = !fs::exists(folder, error);
    fs::create_directories(folder + "/worker", error);
    if (!error && is_new) fs::permissions(folder, fs::perms(geteuid() == 0 ? 0711 : 0700), error);
  }
  if (error) return Error(Code::kPermissionDenied, "cannot make {}: {}", folder, error.message());
  return Ok();
}

/// The program beside this one.
StatusOr<std::string> FindWorker() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  std::string worker = (self.parent_path() / "fft-worker").string();
  if (!fs::exists(worker, error))
    return Error(Code::kNotFound, "there is no fft-worker beside {}", self.string());
  return worker;
}

StatusOr<std::unique_ptr<WorkerProcess>> StartWorker(const DevOptions& options,
                                                     const std::string& address,
                                                     const std::string& data_dir) {
  const StatusOr<std::string> program = FindWorker();
  if (!program.ok()) return program.status();
  const std::string folder = data_dir + "/worker";
  std::vector<std::string> arguments = {
      "agent", "--daemon", address, "--dir", folder, "--slots", std::to_string(options.slots)};
  if (options.config.logs_json) arguments.emplace_back("--log-json");
  return WorkerProcess::Start(
      {.program = *program, .arguments = std::move(arguments), .folder = folder});
}

/// Until the daemon serves, a signal comes, or patience ends.
Status AwaitServing(const Daemon& daemon, const Signals& signals) {
  const auto until = std::chrono::steady_clock::now() + kServeLimit;
  while (true) {
    Status serving = daemon.AwaitServing(Duration(100));
    if (serving.ok() || std::chrono::steady_clock::now() > until) return serving;
    if (signals.Wait(Duration(0)) != 0)
      return Error(Code::kCancelled, "stopped before it served: {}", Message(serving));
  }
}

constexpr char kWarehouseFile[] = "/warehouse";

Status NoteWarehouse(const std::string& data_dir, const std::string& uri) {
  std::ofstream file(data_dir + kWarehouseFile);
  file << uri << '\n';
  file.close();
  return file ? Ok() : Error(Code::kUnavailable, "cannot write {}{}", data_dir, kWarehouseFile);
}

std::string Invitation(const Daemon& daemon, const std::string& data_dir, int slots) {
  const std::string socket = "unix:" + DefaultSocketPath();
  std::string text = fmt::format("fftd {} (pid {}) is ready\n", ProgramVersion(), getpid());
  bool is_default = false;
  for (const std::string& address : daemon.addresses()) {
    text += fmt::format("  listens  {}\n", address);
    is_default = is_default || address == socket;
  }
  text += fmt::format("  data     {}\n", data_dir);
  text += fmt::format("  worker   {} slots\n", slots);
  if (daemon.metrics_port() != 0)
    text += fmt::format("  metrics  http://localhost:{}/metrics\n", daemon.metrics_port());
  text += fmt::format("  use      {}fftctl build GRAPH_FOLDER REF...\n",
                      is_default ? "" : "FFT_ADDRESS=" + daemon.addresses().front() + " ");
  text += fmt::format("  stop     fftd stop{}",
                      data_dir == DefaultDataDir() ? "" : " --data " + data_dir);
  return text;
}

}  // namespace

Config DevDefaults() {
  Config config;
  config.metrics_listen = "127.0.0.1:0";  // several may run on a machine
  return config;
}

std::string DevDataDir(const Config& config) {
  std::string folder = config.data_dir.empty() ? DefaultDataDir() : config.data_dir;
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

StatusOr<std::string> DevWarehouse(const std::string& data_dir) {
  std::ifstream file(data_dir + kWarehouseFile);
  std::string uri;
  if (!std::getline(file, uri))
    return Error(Code::kNotFound, "fftd dev has not run in {} yet", data_dir);
  return uri;
}

Status RunDev(const DevOptions& options, const Signals& signals) {
  const std::string data_dir = DevDataDir(options.config);
  if (Status made = MakeDataDir(data_dir); !made.ok()) return made;
  const StatusOr<PidFile> pid_file = PidFile::Take(data_dir);
  if (!pid_file.ok()) return pid_file.status();
  const StatusOr<std::unique_ptr<PrivatePostgres>> postgres =
      PrivatePostgres::Start(data_dir + "/postgres");
  if (!postgres.ok()) return postgres.status();
  Config config = options.config;
  config.database = (*postgres)->conninfo();
  if (config.secrets_key_file.empty()) {
    config.secrets_key_file = data_dir + "/secrets.key";
    if (const auto made = Seal::Open(config.secrets_key_file, true); !made.ok())
      return made.status();
  }
  if (Status noted = NoteWarehouse(data_dir, (*postgres)->warehouse()); !noted.ok()) return noted;
  const StatusOr<std::unique_ptr<Daemon>> daemon = Daemon::Start(config);
  Status status = daemon.ok() ? AwaitServing(**daemon, signals) : daemon.status();
  StatusOr<std::unique_ptr<WorkerProcess>> worker = nullptr;
  if (status.ok()) {
    worker = StartWorker(options, (*daemon)->addresses().front(), data_dir);
    status = worker.status();
  }
  if (status.ok()) {
    const std::string invitation = Invitation(**daemon, data_dir, options.slots);
    fmt::print("{}\n", invitation);
    std::fflush(stdout);
    NotifyReady(invitation);
    signals.Wait(Duration(-1));
    LogInfo("ending; a second signal ends at once");
  }
  signals.EndAtOnce();
  if (daemon.ok()) (*daemon)->Stop();
  if (worker.ok() && *worker) (*worker)->Stop(kWorkerStopLimit);
  const Status stopped = (*postgres)->Stop();
  return status.ok() ? stopped : status;
}

}  // namespace fft
