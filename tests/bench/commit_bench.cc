// How long PgStore takes on this machine, with fsync: commits of one row and of a thousand nodes in
// each stage of their lives, and loading what a million refs leave behind.
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>

#include <unistd.h>

#include "server/base/check.h"
#include "server/store/migrate.h"
#include "server/store/pg_store.h"
#include "tests/store/samples.h"
#include "tests/support/temporary_postgres.h"

namespace fft {
namespace {

constexpr std::int64_t kBatch = 1000;

double MillisOf(const auto& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
      .count();
}

/// Processor time of this process, and of a session's at the server: what other load does not blur.
double OwnCpuMillis() { return 1000.0 * static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double CpuMillisOf(const std::string& process) {
  std::ifstream stat("/proc/" + process + "/stat");
  std::string field;
  for (int i = 0; i < 13; ++i) stat >> field;
  double user = 0, system = 0;
  stat >> user >> system;
  return (user + system) * 1000 / static_cast<double>(sysconf(_SC_CLK_TCK));
}

class Bench {
 public:
  Bench() {
    FFT_CHECK(Migrate(conninfo_).ok());
    epoch_ = *store_.TakeLead("bench");
    session_ = server_.Psql("postgres",
                            "SELECT pid FROM pg_stat_activity WHERE application_name ~ "
                            "'^fftd epoch'");
    session_.pop_back();
  }

  void SingleRows() {
    const double ms = MillisOf([&] {
      for (int i = 0; i < 1000; ++i) {
        ChangeSet changes;
        changes.events = {SampleEvent(++event_)};
        Commit(changes);
      }
    });
    std::printf("commit of one event                    %8.3f ms\n", ms / 1000);
  }

  /// Plans kBatch nodes, grants them with the next, ends them with the one after: as under load.
  void Batches(int rounds) {
    double wall = 0, own = 0, server = 0;
    for (int round = 0; round < rounds; ++round) {
      const ChangeSet changes = Stage(round);
      const double own_before = OwnCpuMillis(), server_before = CpuMillisOf(session_);
      const double ms = MillisOf([&] { Commit(changes); });
      if (round < 3) continue;
      wall += ms;
      own += OwnCpuMillis() - own_before;
      server += CpuMillisOf(session_) - server_before;
    }
    const double measured = rounds - 3;
    std::printf(
        "commit of 1000 nodes + 1000 grants + 1000 ends  %8.3f ms; processor: %.1f ms here, "
        "%.1f ms at the server\n",
        wall / measured, own / measured, server / measured);
  }

  /// What a node leaves behind, table by table.
  void Sizes(int rounds) {
    const std::string sql =
        "SELECT relname || ' ' || pg_total_relation_size(oid) / " +
        std::to_string(rounds * kBatch) +
        " FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND "
        "pg_total_relation_size(oid) > 1000000 ORDER BY pg_total_relation_size(oid) DESC";
    std::printf("bytes a node, by table:\n%s", server_.Psql(database_, sql).c_str());
  }

  void ManyPartitions(std::int64_t count) {
    const std::int64_t first = 1'000'000;
    for (std::int64_t at = 0; at < count; at += 10'000) {
      ChangeSet changes;
      for (std::int64_t i = 0; i < 10'000; ++i)
        changes.partitions.push_back(SamplePartition(first + at + i));
      Commit(changes);
    }
    std::size_t loaded = 0;
    const double ms = MillisOf([&] { loaded = store_.Load()->partitions.size(); });
    std::printf("load of %zu partitions              %8.0f ms\n", loaded, ms);
  }

 private:
  ChangeSet Stage(std::int64_t round) {
    ChangeSet changes;
    const auto node_of = [](std::int64_t of, std::int64_t i) { return of * kBatch + i + 1; };
    for (std::int64_t i = 0; i < kBatch; ++i) {
      const std::int64_t planned = node_of(round, i), granted = node_of(round - 1, i),
                         ended = node_of(round - 2, i);
      changes.nodes.push_back(SampleNode(planned));
      changes.partitions.push_back(SamplePartition(planned));
      if (granted > 0) changes.leases.push_back(SampleLease(granted, granted));
      if (ended > 0) {
        changes.runs.push_back(SampleRun(ended, ended));
        changes.ended_leases.push_back({ended});
        changes.node_updates.push_back(UpdateOf(SampleNode(ended)));
        changes.partition_updates.push_back(SamplePartition(ended));
      }
    }
    for (int i = 0; i < 4; ++i) {
      auto event = SampleEvent(++event_);
      event->kind = EventKind::kNodesChanged;
      for (std::size_t k = 0; k < 500; ++k)
        event->changes.push_back(
            ChangeOf(changes.nodes[static_cast<std::size_t>(i % 2) * 500 + k], "ns"));
      changes.events.push_back(event);
    }
    return changes;
  }

  void Commit(const ChangeSet& changes) {
    const Status status = store_.Commit(epoch_, changes);
    if (!status.ok()) std::printf("%s\n", status.ToString().c_str());
    FFT_CHECK(status.ok());
  }

  TemporaryPostgres server_{{.fsync = true}};
  const std::string database_ = server_.NewDatabase();
  const std::string conninfo_ = server_.conninfo(database_);
  PgStore store_{conninfo_};
  Epoch epoch_;
  std::int64_t event_ = 0;
  std::string session_;  // of the commits, at the server
};

}  // namespace
}  // namespace fft

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  fft::Bench bench;
  bench.SingleRows();
  bench.Batches(30);
  bench.Sizes(30);
  bench.ManyPartitions(1'000'000);
}
