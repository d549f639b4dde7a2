#include "server/daemon/private_postgres.h"

#include "server/base/log.h"
#include "server/base/percent.h"
#include "server/daemon/cluster.h"

namespace fft {

namespace {

// Each waits until PostgreSQL says that it is there.
constexpr int kAttempts = 10;

}  // namespace

PrivatePostgres::PrivatePostgres(Cluster cluster)
    : cluster_(std::make_unique<Cluster>(std::move(cluster))) {}
PrivatePostgres::~PrivatePostgres() = default;

StatusOr<std::unique_ptr<PrivatePostgres>> PrivatePostgres::Start(const std::string& folder) {
  StatusOr<Cluster> cluster = Cluster::Prepare(folder);
  if (!cluster.ok()) return cluster.status();
  if (Status made = cluster->Init(); !made.ok()) return made;
  std::unique_ptr<PrivatePostgres> postgres(new PrivatePostgres(*std::move(cluster)));
  const Cluster& own = *postgres->cluster_;
  StatusOr<pid_t> pid = own.FindOrStartServer(&postgres->is_adopted_);
  for (int attempt = 1; pid.ok(); ++attempt) {
    const Status made = own.MakeDatabases();
    if (made.ok()) break;
    if (attempt == kAttempts) return made;
    LogWarning("{}; again", Message(made));  // it crashed since it was asked, and recovers
    pid = own.FindOrStartServer(&postgres->is_adopted_);
  }
  if (!pid.ok()) return pid.status();
  if (postgres->is_adopted_) LogInfo("PostgreSQL (pid {}) runs already: it is adopted", *pid);
  postgres->keeper_ = std::make_unique<Keeper>("postgres", *pid, [&own] {
    bool is_adopted = false;
    return own.FindOrStartServer(&is_adopted);
  });
  return postgres;
}

std::string PrivatePostgres::conninfo() const {
  // Paths with blanks and quotes: PostgreSQL 15, section 34.1.1.1.
  std::string folder;
  for (const char c : cluster_->socket_folder()) {
    if (c == '\'' || c == '\\') folder += '\\';
    folder += c;
  }
  return fmt::format("host='{}' user=fft dbname=fft", folder);
}

std::string PrivatePostgres::warehouse() const {
  return "postgresql://fft@/warehouse?host=" + PercentEncoded(cluster_->socket_folder());
}

Status PrivatePostgres::Stop() {
  keeper_->Stop();
  return cluster_->StopServer();
}

}  // namespace fft
