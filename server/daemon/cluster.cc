#include "server/daemon/cluster.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <pwd.h>

#include "server/base/digest.h"
#include "server/base/log.h"

namespace fft {

namespace {

namespace fs = std::filesystem;

constexpr char kServerUser[] = "postgres";  // when we are root
constexpr char kOwner[] = "fft";
constexpr char kDatabase[] = "fft";
constexpr char kWarehouse[] = "warehouse";
constexpr char kFallback[] = "/var/lib/fft";  // that the server's user can get to
constexpr Duration kToolLimit{60'000};
constexpr Duration kInitLimit{300'000};
/// After a kill, PostgreSQL's last processes hold the memory that they share for a moment.
constexpr Duration kStartLimit{20'000};
/// A server that is there may have much to recover.
constexpr Duration kRecoverLimit{600'000};
constexpr std::size_t kSocketPathMax = 107;
/// Of libpq and PostgreSQL: what a user's shell says of other servers does not concern ours.
const std::vector<std::string> kForeignVariables = {"PG", "LC_", "LANG"};

/// The newest of Debian's PostgreSQL versions; else what $PATH has.
std::string FindPrograms() {
  std::string best;
  int best_version = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", error)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version <= best_version || !fs::exists(entry.path() / "bin/initdb")) continue;
    best_version = version;
    best = (entry.path() / "bin/").string();
  }
  return best;
}

Status MakeFolder(const fs::path& path, mode_t mode, const passwd* owner) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return Error(Code::kPermissionDenied, "cannot make {}: {}", path.string(), error.message());
  if (chmod(path.c_str(), mode) != 0 ||
      (owner != nullptr && chown(path.c_str(), owner->pw_uid, owner->pw_gid) != 0))
    return Error(Code::kPermissionDenied, "cannot set the owner and mode of {}: {}", path.string(),
                 std::generic_category().message(errno));
  return Ok();
}

std::vector<std::string> AsServerUser(std::vector<std::string> argv) {
  std::vector<std::string> all = {"setpriv", fmt::format("--reuid={}", kServerUser),
                                  fmt::format("--regid={}", kServerUser), "--init-groups", "--"};
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

/// Whether the server's user can get to what lies in `folder`.
bool CanServerUserEnter(const fs::path& folder) {
  const StatusOr<ProgramEnd> end =
      RunProgram({.argv = AsServerUser({"test", "-x", folder.string() + "/."}),
                  .environment = EnvironmentWithout({}),
                  .folder = "/",
                  .log = ""},
                 kToolLimit);
  return end.ok() && end->exit_code == 0;
}

/// Where the cluster of `folder` may lie when the server's user cannot get to `folder`.
StatusOr<fs::path> ReachablePlace(const fs::path& folder) {
  std::error_code error;
  if (fs::is_symlink(folder, error)) {
    fs::path place = fs::read_symlink(folder, error);
    fs::create_directories(place, error);
    return place;
  }
  if (CanServerUserEnter(folder.parent_path())) return folder;
  fs::path place = fs::path(kFallback) / ToShortHex(Sha256(folder.native())) / "postgres";
  fs::create_directories(place, error);
  if (!error) fs::create_directory_symlink(place, folder, error);
  if (error)
    return Error(Code::kPermissionDenied, "the user {} cannot enter {}, and {} cannot be made: {}",
                 kServerUser, folder.parent_path().string(), place.string(), error.message());
  LogInfo("the user {} cannot enter {}: PostgreSQL's data lies in {}", kServerUser,
          folder.parent_path().string(), place.string());
  return place;
}

std::string ShellQuoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  return quoted + "'";
}

/// As an item of a list of folders in PostgreSQL's configuration.
std::string ListQuoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// Whether any process's working folder is `folder`: where all of PostgreSQL's are in its data.
bool IsAnyoneIn(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const pid_t pid = std::atoi(entry.path().filename().c_str());
    std::error_code ignored;
    if (pid > 0 && fs::equivalent(ProcLink(pid, "cwd"), folder, ignored)) return true;
  }
  return false;
}

std::string LastLines(const std::string& output) {
  std::string text = output;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  constexpr std::size_t kShown = 600;
  if (text.size() > kShown) text = "..." + text.substr(text.size() - kShown);
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

StatusOr<Cluster> Cluster::Prepare(const std::string& folder) {
  Cluster cluster;
  cluster.programs_ = FindPrograms();
  cluster.is_other_user_ = geteuid() == 0;
  if (Status made = cluster.MakeFolders(folder); !made.ok()) return made;
  return cluster;
}

Status Cluster::MakeFolders(const std::string& folder) {
  fs::path place = folder;
  const passwd* owner = nullptr;
  if (is_other_user_) {
    owner = getpwnam(kServerUser);  // NOLINT(concurrency-mt-unsafe): at start only
    if (owner == nullptr)
      return Error(Code::kFailedPrecondition,
                   "there is no user {} for PostgreSQL, which refuses to run as root: install the "
                   "package postgresql",
                   kServerUser);
    const StatusOr<fs::path> reachable = ReachablePlace(place);
    if (!reachable.ok()) return reachable.status();
    place = *reachable;
  }
  if (Status made = MakeFolder(place, 0700, owner); !made.ok()) return made;
  place_ = place.string();
  data_ = place_ + "/data";
  log_ = place_ + "/log";
  socket_folder_ = place.string();
  // libpq takes a comma for the end of a host.
  if (socket_folder_.size() + std::string_view("/.s.PGSQL.5432").size() <= kSocketPathMax &&
      socket_folder_.find(',') == std::string::npos)
    return Ok();
  // No place for a socket: one with a short name that only its owner can have made.
  socket_folder_ = "/tmp/fft-" + ToShortHex(Sha256(place.native()));
  if (mkdir(socket_folder_.c_str(), 0700) != 0 && errno != EEXIST)
    return Error(Code::kPermissionDenied, "cannot make {}: {}", socket_folder_,
                 std::generic_category().message(errno));
  struct stat found {};
  const bool is_ours =
      lstat(socket_folder_.c_str(), &found) == 0 && S_ISDIR(found.st_mode) &&
      (found.st_uid == geteuid() || (owner != nullptr && found.st_uid == owner->pw_uid));
  if (!is_ours)
    return Error(Code::kFailedPrecondition, "{} belongs to somebody else", socket_folder_);
  return MakeFolder(socket_folder_, 0700, owner);
}

Program Cluster::Tool(const std::string& name, std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), programs_ + name);
  if (is_other_user_) arguments = AsServerUser(std::move(arguments));
  std::vector<std::string> environment = EnvironmentWithout(kForeignVariables);
  environment.emplace_back("LC_ALL=C.UTF-8");
  // A commit of ours may be megabytes: what it took is kept for the next instead of being given
  // back to the system and asked for again, page by page.
  for (const char* setting : {"MALLOC_TRIM_THRESHOLD_=67108864", "MALLOC_MMAP_THRESHOLD_=33554432",
                              "MALLOC_TOP_PAD_=4194304"})
    environment.emplace_back(setting);
  return {.argv = std::move(arguments),
          .environment = std::move(environment),
          .folder = place_,
          .log = ""};
}

Status Cluster::RunTool(const std::string& name, std::vector<std::string> arguments,
                        Duration limit) const {
  const StatusOr<ProgramEnd> end = RunProgram(Tool(name, std::move(arguments)), limit);
  if (!end.ok()) return end.status();
  if (end->exit_code != 0)
    return Error(Code::kUnavailable, "{} failed ({}): {}", name, end->exit_code,
                 LastLines(end->output));
  return Ok();
}

Status Cluster::Init() const {
  std::error_code error;
  if (fs::exists(data_ + "/PG_VERSION", error)) return Ok();
  const std::string draft = data_ + ".new";
  fs::remove_all(draft, error);
  LogInfo("making a PostgreSQL of our own in {}", data_);
  Status made = RunTool("initdb",
                        {"-D", draft, "-U", kOwner, "-E", "UTF8", "--locale=C.UTF-8",
                         "--auth=trust", "--data-checksums", "--no-instructions"},
                        kInitLimit);
  if (!made.ok()) return made;
  if (std::rename(draft.c_str(), data_.c_str()) != 0)
    return Error(Code::kUnavailable, "cannot rename {} to {}: {}", draft, data_,
                 std::generic_category().message(errno));
  return Ok();
}

std::optional<pid_t> Cluster::FindServer() const {
  std::ifstream file(data_ + "/postmaster.pid");
  pid_t pid = 0;
  if (!(file >> pid) || pid <= 1 || !StartTicks(pid)) return std::nullopt;
  // The number may be another process's by now.
  std::error_code error;
  const std::string folder = ProcLink(pid, "cwd");
  if (folder.empty() || !fs::equivalent(folder, data_, error)) return std::nullopt;
  return pid;
}

StatusOr<pid_t> Cluster::FindOrStartServer(bool* is_adopted) const {
  const auto begin = std::chrono::steady_clock::now();
  // pg_ctl hands all to a shell and does not quote paths well: they are relative to our folder. The
  // list of folders is quoted by PostgreSQL's rule, and then for the shell.
  const std::string options = fmt::format(
      "-c listen_addresses='' -c unix_socket_directories={} -c unix_socket_permissions=0700 "
      "-c fsync=on -c jit=off -c max_connections=200 -c logging_collector=off",
      ShellQuoted(ListQuoted(socket_folder_)));
  *is_adopted = FindServer().has_value();
  Status last = Ok();
  while (true) {
    const std::optional<pid_t> pid = FindServer();
    if (pid) {
      last = RunTool("pg_isready", {"-q", "-h", socket_folder_}, kToolLimit);
      if (last.ok()) return *pid;
    } else {
      *is_adopted = false;
      DropForeignLock();
      last =
          RunTool("pg_ctl", {"-D", "data", "-l", "log", "-w", "-t", "60", "-o", options, "start"},
                  2 * kToolLimit);
      if (last.ok()) continue;
    }
    if (std::chrono::steady_clock::now() - begin > (pid ? kRecoverLimit : kStartLimit))
      return Error(Code::kUnavailable, "PostgreSQL does not start: {}; its log is {}",
                   Message(last), log_);
    std::this_thread::sleep_for(Duration(100));
  }
}

void Cluster::DropForeignLock() const {
  const std::string path = data_ + "/postmaster.pid";
  std::ifstream file(path);
  pid_t pid = 0;
  // While a process of an earlier server is left, PostgreSQL must find its own lock.
  if (!(file >> pid) || !StartTicks(pid) || IsAnyoneIn(data_)) return;
  LogWarning("{} names process {}, which is not PostgreSQL: it is removed", path, pid);
  std::error_code error;
  fs::remove(path, error);
}

Status Cluster::MakeDatabases() const {
  const auto psql = [this](const std::string& query) {
    return RunProgram(
        Tool("psql", {"-XtA", "-h", socket_folder_, "-U", kOwner, "-d", "postgres", "-c", query}),
        kToolLimit);
  };
  const StatusOr<ProgramEnd> found =
      psql("select datname from pg_database where not datistemplate");
  if (!found.ok()) return found.status();
  if (found->exit_code != 0)
    return Error(Code::kUnavailable, "psql failed: {}", LastLines(found->output));
  for (const char* name : {kDatabase, kWarehouse}) {
    if (("\n" + found->output).find(fmt::format("\n{}\n", name)) != std::string::npos) continue;
    const Status made = RunTool("createdb", {"-h", socket_folder_, "-U", kOwner, name}, kToolLimit);
    if (!made.ok()) return made;
  }
  return Ok();
}

Status Cluster::StopServer() const {
  const std::optional<pid_t> pid = FindServer();
  if (!pid) return Ok();
  Status stopped =
      RunTool("pg_ctl", {"-D", "data", "-w", "-t", "60", "-m", "fast", "stop"}, 2 * kToolLimit);
  if (stopped.ok()) WaitForEnd(*pid, -1, kToolLimit);  // its file goes before it does
  return stopped;
}

}  // namespace fft
