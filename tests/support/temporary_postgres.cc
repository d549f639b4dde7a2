#include "tests/support/temporary_postgres.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

namespace fft {

namespace {

constexpr char kBin[] = "/usr/lib/postgresql/15/bin/";
constexpr char kAsPostgres[] = "setpriv --reuid=postgres --regid=postgres --init-groups ";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The processes that `parent` started and that still run.
std::vector<pid_t> ChildrenOf(pid_t parent) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", parent));
  return {std::istream_iterator<pid_t>(file), {}};
}

/// Neither gone nor waiting for its parent to notice.
bool IsRunning(pid_t process) {
  const std::string stat = ReadFile(fmt::format("/proc/{}/stat", process));
  return !stat.empty() && stat.substr(stat.rfind(')')).substr(2, 1) != "Z";
}

std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

TemporaryPostgres::TemporaryPostgres(const Options& options) : is_root_(geteuid() == 0) {
  std::string folder = (std::filesystem::temp_directory_path() / "fft-pg-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) Fail("cannot make a folder for PostgreSQL");
  folder_ = folder;
  if (is_root_) Run("chown postgres:postgres .");
  Run(Program("initdb") + " -D data -A trust -U postgres -E UTF8 --locale=C --no-sync 2>&1");
  std::ofstream(folder_ + "/data/postgresql.conf", std::ios::app)
      << "listen_addresses = ''\nunix_socket_directories = '" << folder_ << "'\n"
      << "fsync = " << (options.fsync ? "on" : "off") << "\nmax_connections = 60\n"
      << "shared_buffers = 256MB\nmax_wal_size = 4GB\n";
  Start();
}

TemporaryPostgres::~TemporaryPostgres() {
  if (server_ != 0) {
    kill(server_, SIGQUIT);  // at once, without a checkpoint
    waitpid(server_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void TemporaryPostgres::Start() {
  const std::string command = fmt::format(
      "cd {} && exec setpriv {}--pdeathsig QUIT -- {}postgres -D data >>log 2>&1", folder_,
      is_root_ ? "--reuid=postgres --regid=postgres --init-groups " : "", kBin);
  const char* arguments[] = {"sh", "-c", command.c_str(), nullptr};
  if (posix_spawnp(&server_, "sh", nullptr, nullptr, const_cast<char**>(arguments), environ) != 0)
    Fail("cannot start a shell");
  const std::string is_ready = fmt::format("{}pg_isready -q -h {}", kBin, folder_);
  const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  const struct Ended {
    int fd;
    ~Ended() { close(fd); }
  } ended{static_cast<int>(syscall(SYS_pidfd_open, server_, 0))};
  while (std::system(is_ready.c_str()) != 0) {
    if (waitpid(server_, nullptr, WNOHANG) == server_ ||
        std::chrono::steady_clock::now() > give_up_at)
      Fail("PostgreSQL does not start");
    pollfd end{ended.fd, POLLIN, 0};
    poll(&end, 1, 20);  // its end, or a moment until it is asked again
  }
}

std::string TemporaryPostgres::conninfo(const std::string& database) const {
  return fmt::format("host={} user=postgres dbname={}", folder_, database);
}

std::string TemporaryPostgres::NewDatabase(const std::string& source) {
  const std::string name = fmt::format("db{}", ++databases_);
  Psql("postgres", fmt::format("CREATE DATABASE {} TEMPLATE {}", name, source));
  return name;
}

std::string TemporaryPostgres::Psql(const std::string& database, const std::string& sql) const {
  return Run(fmt::format("{}psql -X -q -A -t -v ON_ERROR_STOP=1 -d {} -c {} 2>&1", kBin,
                         Quoted(conninfo(database)), Quoted(sql)));
}

std::string TemporaryPostgres::DumpSchema(const std::string& database) const {
  // Without comments, and without the random words that psql is to stop at.
  return Run(fmt::format("{}pg_dump --schema-only --no-owner -d {} | grep -v '^--\\|^\\\\'", kBin,
                         Quoted(conninfo(database))));
}

void TemporaryPostgres::KillMinusNine() {
  const std::vector<pid_t> sessions = ChildrenOf(server_);
  kill(server_, SIGKILL);
  for (const pid_t session : sessions) kill(session, SIGKILL);
  waitpid(server_, nullptr, 0);
  server_ = 0;
  // The sessions are not our children: they are gone when their sockets and shared memory are.
  for (const pid_t session : sessions)
    while (IsRunning(session)) std::this_thread::yield();
}

void TemporaryPostgres::Restart() { Start(); }

std::string TemporaryPostgres::Program(const std::string& name) const {
  return (is_root_ ? kAsPostgres : "") + (kBin + name);
}

std::string TemporaryPostgres::Run(const std::string& command) const {
  FILE* pipe = popen(("cd " + folder_ + " && " + command).c_str(), "r");
  if (pipe == nullptr) Fail("cannot run " + command);
  std::string output;
  char buffer[4096];
  for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, n);
  if (pclose(pipe) != 0) Fail(command + ": " + output);
  return output;
}

void TemporaryPostgres::Fail(const std::string& what) const {
  std::fprintf(stderr, "%s\n%s\n", what.c_str(), ReadFile(folder_ + "/log").c_str());
  std::abort();
}

}  // namespace fft
