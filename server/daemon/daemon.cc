#include "server/daemon/daemon.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>

#include <unistd.h>

#include <pthread.h>

#include "server/app/core.h"
#include "server/app/retention.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/paths.h"
#include "server/config/values.h"
#include "server/daemon/data_prober.h"
#include "server/rpc/server.h"
#include "server/store/migrate.h"
#include "server/store/pg_archive.h"
#include "server/store/pg_library.h"
#include "server/store/pg_store.h"
#include "server/telemetry/metrics.h"

namespace fft {

namespace {

constexpr Duration kDatabaseLimit{30'000};
constexpr Duration kDatabasePause{250};
constexpr Duration kHealthEvery{100};
// A step takes some milliseconds of the database: between two it is the builds' turn.
constexpr Duration kRetentionPause{50};
constexpr Duration kRetentionEvery{10'000};
/// Of the library: planner and prober read beside the read threads.
constexpr int kOtherReaders = 2;

std::string Holder() {
  std::string host(256, '\0');
  if (gethostname(host.data(), host.size() - 1) != 0) host = "unknown host";
  return fmt::format("{} (pid {})", host.c_str(), getpid());
}

/// Counts calls.
class CallCounter final : public CallObserver {
 public:
  explicit CallCounter(Metrics& metrics) : metrics_(metrics) {}
  void Finished(std::string_view method, Code code, std::chrono::microseconds took) override {
    metrics_.CallEnded(method, CodeName(code), took);
  }

 private:
  Metrics& metrics_;
};

CoreOptions OptionsOf(const Config& config) {
  CoreOptions options;
  options.schedule.orphan_after = config.orphan_after;
  options.schedule.kill_time = config.kill_after;
  options.holder = Holder();
  options.lease_length = config.lease_length;
  options.heartbeat_every = config.heartbeat_every;
  options.read_threads = config.read_threads;
  options.reads_waiting_max = static_cast<std::size_t>(config.read_queue_size);
  options.inbox_max = static_cast<std::size_t>(config.inbox_size);
  options.events_kept = static_cast<std::size_t>(config.event_ring_size);
  return options;
}

Status MigrateWhenThere(const std::string& database) {
  const auto until = std::chrono::steady_clock::now() + kDatabaseLimit;
  for (bool is_first = true;; is_first = false) {
    const StatusOr<int> version = Migrate(database);
    if (version.ok()) return Ok();
    const bool is_away = version.status().code() == Code::kUnavailable;
    if (!is_away || std::chrono::steady_clock::now() > until) return version.status();
    if (is_first) LogWarning("waiting for the database: {}", Message(version.status()));
    std::this_thread::sleep_for(kDatabasePause);
  }
}

/// Only we may enter a folder that we make for a socket.
Status MakeSocketFolders(const std::vector<std::string>& addresses) {
  for (const std::string& address : addresses) {
    constexpr std::string_view kUnix = "unix:";
    if (!address.starts_with(kUnix)) continue;
    const auto folder = std::filesystem::path(address.substr(kUnix.size())).parent_path();
    std::error_code error;
    if (std::filesystem::exists(folder, error)) continue;
    std::filesystem::create_directories(folder, error);
    if (!error) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
    if (error)
      return Error(Code::kFailedPrecondition, "cannot make {} for a socket: {}", folder.string(),
                   error.message());
  }
  return Ok();
}

}  // namespace

const char* ProgramVersion() { return FFT_VERSION; }

/// In the order of construction; what comes later uses what came before.
struct Daemon::Parts {
  Parts(const Config& from, std::optional<Seal> seal)
      : config(from),
        metrics(ProgramVersion()),
        calls(metrics),
        store(config.database,
              {.address = config.advertise.empty() ? config.listen.front() : config.advertise,
               .patience = config.leader_patience}),
        archive(config.database),
        retention(
            archive,
            {.events = config.keep_events, .logs = config.keep_logs, .builds = config.keep_builds}),
        library(config.database, config.read_threads + kOtherReaders),
        secrets(std::move(seal)),
        prober(clock, [this](const std::string& warehouse) { return secrets.Find(warehouse); }) {}

  /// Thread `health`: tells health checks and metrics how things are.
  void WatchHealth(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "health");
    std::unique_lock lock(health_mutex);
    while (!stop.stop_requested()) {
      const ServiceView view = core->View();
      rpc->SetServing(view.is_leading && view.store.ok(), view.is_standby);
      const RpcView carried = rpc->View();
      metrics.Watchers(carried.watchers, carried.lag_max);
      metrics.Leading(view.is_leading);
      health_changed.wait_for(lock, stop, kHealthEvery, [] { return false; });
    }
  }

  /// Thread `retention`: drops what is old, a little at a time, while this daemon leads.
  void DropOld(const std::stop_token& stop) {
    pthread_setname_np(pthread_self(), "retention");
    std::unique_lock lock(retention_mutex);
    while (!stop.stop_requested()) {
      bool has_more = false;
      if (core->View().is_leading) {
        const StatusOr<bool> done = retention.Step(clock.Now());
        if (!done.ok()) LogWarning("retention: {}; again later", Message(done.status()));
        has_more = done.ok() && *done;
      }
      retention_due.wait_for(lock, stop, has_more ? kRetentionPause : kRetentionEvery,
                             [] { return false; });
    }
  }

  Config config;
  SystemClock clock;
  Metrics metrics;
  CallCounter calls;
  PgStore store;
  PgArchive archive;
  Retention retention;
  PgLibrary library;
  Secrets secrets;
  DataProber prober;
  std::unique_ptr<Core> core;
  std::unique_ptr<RpcServer> rpc;
  std::vector<std::string> addresses;

  std::mutex health_mutex;
  std::condition_variable_any health_changed;
  std::jthread health;
  std::mutex retention_mutex;  // only to wait with
  std::condition_variable_any retention_due;
  std::jthread retention_thread;
};

Daemon::Daemon(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Daemon::~Daemon() { Stop(); }

StatusOr<std::unique_ptr<Daemon>> Daemon::Start(const Config& config) {
  Config complete = config;
  if (complete.listen.empty()) complete.listen = {"unix:" + DefaultSocketPath()};
  std::optional<Seal> seal;
  if (!complete.secrets_key_file.empty()) {
    auto opened = Seal::Open(complete.secrets_key_file, false);
    if (!opened.ok()) return opened.status();
    seal = *std::move(opened);
  }
  auto parts = std::make_unique<Parts>(complete, std::move(seal));
  Parts& own = *parts;
  if (Status made = MakeSocketFolders(own.config.listen); !made.ok()) return made;
  if (Status migrated = MigrateWhenThere(own.config.database); !migrated.ok()) return migrated;
  if (!own.config.metrics_listen.empty())
    if (Status listens = own.metrics.Listen(own.config.metrics_listen); !listens.ok())
      return listens;
  own.core = std::make_unique<Core>(own.store, own.library, own.prober, own.secrets, own.clock,
                                    own.metrics, OptionsOf(own.config));
  own.rpc = std::make_unique<RpcServer>(
      *own.core, own.clock, RpcOptions{.listen = own.config.listen, .version = ProgramVersion()},
      &own.calls);
  if (Status started = own.rpc->Start(); !started.ok()) return started;
  for (std::size_t i = 0; i < own.config.listen.size(); ++i) {
    std::string address = own.config.listen[i];
    if (const int port = own.rpc->ports()[i]; port != 0)
      address = address.substr(0, address.rfind(':') + 1) + std::to_string(port);
    LogInfo("serving at {}", address);
    own.addresses.push_back(std::move(address));
  }
  own.health = std::jthread([&own](const std::stop_token& stop) { own.WatchHealth(stop); });
  own.retention_thread = std::jthread([&own](const std::stop_token& stop) { own.DropOld(stop); });
  return std::unique_ptr<Daemon>(new Daemon(std::move(parts)));
}

Status Daemon::AwaitServing(Duration limit) const {
  constexpr Duration kLookEvery{5};
  const auto until = std::chrono::steady_clock::now() + limit;
  while (true) {
    const ServiceView view = parts_->core->View();
    if (view.is_leading && view.store.ok()) return Ok();
    if (std::chrono::steady_clock::now() > until)
      return Error(Code::kDeadlineExceeded, "this daemon does not lead yet: {}",
                   view.store.ok() ? "it is still reading the database" : Message(view.store));
    std::this_thread::sleep_for(kLookEvery);
  }
}

void Daemon::Stop() {
  if (!parts_->rpc) return;
  LogInfo("stopping");
  parts_->retention_thread = {};
  parts_->health = {};
  parts_->rpc->SetServing(false, false);
  parts_->rpc->Shutdown(parts_->config.drain_max);
  parts_->rpc.reset();
  parts_->core.reset();
}

const std::vector<std::string>& Daemon::addresses() const { return parts_->addresses; }
int Daemon::metrics_port() const { return parts_->metrics.port(); }

}  // namespace fft
