#include "client/worker/rows_program.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "client/sql/materialise.h"
#include "client/worker/records.pb.h"
#include "client/worker/sql_run.h"

namespace fft {
namespace {

namespace v1 = build::v1;
namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kRetriable = 75;          // EX_TEMPFAIL
constexpr char kNull[] = "<fft:null>";  // no text is that

/// Takes it away for good: the program could read what stands in our memory of the environment.
std::string TakeVariable(const char* name) {
  char* const value = std::getenv(name);
  std::string taken = value == nullptr ? "" : value;
  if (value != nullptr) ::explicit_bzero(value, taken.size());
  ::unsetenv(name);
  return taken;
}

StatusOr<std::string> ReadText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error(Code::kInvalidArgument, "the program left no {}", path.string());
  return std::string{std::istreambuf_iterator<char>(file), {}};
}

Status WriteText(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file ? Ok() : Error(Code::kUnavailable, "{} cannot be written", path.string());
}

/// One run, in its scratch folder.
class Rows {
 public:
  Rows(v1::Grant grant, std::string service)
      : grant_(std::move(grant)), service_(std::move(service)) {}

  StatusOr<int> Run(const std::vector<std::string>& command) {
    auto making = MakingOf(grant_, service_);
    if (!making.ok()) return making.status();
    making_ = *std::move(making);
    if (Status s = Connect(); !s.ok()) return s;
    if (Status s = BringInputs(); !s.ok()) return s;
    const auto code = Execute(command);
    if (!code.ok() || *code != 0) return code;
    if (Status s = TakeRows(); !s.ok()) return s;
    return 0;
  }

 private:
  Status Connect() {
    if (session_.raw() != nullptr && session_.IsAlive()) return Ok();
    auto session = sql::Session::Open(grant_.connection(), "fft-worker");
    if (!session.ok()) return session.status();
    session_ = *std::move(session);
    return Ok();
  }

  /// All of them as of one moment.
  Status BringInputs() {
    std::error_code error;
    fs::create_directories("in", error);
    fs::create_directories("out", error);
    if (error) return Error(Code::kUnavailable, "the scratch folder: {}", error.message());
    const auto begun =
        session_.Run({{.text = "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"}});
    if (!begun.ok()) return begun.status();
    std::string lines;
    for (int i = 0; i < grant_.config().inputs_size(); ++i) {
      const v1::Input& input = grant_.config().inputs(i);
      if (input.kind() == v1::ORDER) continue;
      const std::string path = fs::absolute(fmt::format("in/{}.csv", i)).string();
      if (Status s = Bring(input.ref(), path); !s.ok()) return s;
      lines += input.ref() + "\t" + path + "\n";
    }
    session_.Rollback();
    ::setenv("FFT_OUT", fs::absolute("out").c_str(), 1);
    ::setenv("FFT_INPUTS", fs::absolute("in/list").c_str(), 1);
    return WriteText("in/list", lines);
  }

  Status Bring(const std::string& relation, const std::string& path) {
    const std::string name = sql::Quoted(making_.schema, relation);
    const auto columns = session_.Run(
        {{.text = "SELECT attname, format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute "
                  "WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped "
                  "ORDER BY attnum",
          .parameters = {name}}});
    if (!columns.ok()) return columns.status();
    std::string lines;
    for (int row = 0; row < columns->front().rows(); ++row)
      lines += fmt::format("{}\t{}\n", columns->front().at(row, 0), columns->front().at(row, 1));
    if (Status s = WriteText(path + ".columns", lines); !s.ok()) return s;
    std::ofstream file(path, std::ios::binary);
    const Status copied = session_.CopyOut(
        fmt::format("COPY (SELECT * FROM {}) TO STDOUT (FORMAT csv, HEADER true, NULL '{}')", name,
                    kNull),
        [&](std::string_view line) {
          file << line;
          return file ? Ok() : Error(Code::kUnavailable, "{} cannot be written", path);
        });
    if (!copied.ok()) return copied;
    file.close();
    return file ? Ok() : Error(Code::kUnavailable, "{} cannot be written", path);
  }

  static StatusOr<int> Execute(const std::vector<std::string>& command) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, argv[0], nullptr, nullptr, argv.data(), environ);
    if (error != 0)
      return Error(Code::kInvalidArgument, "{} could not be started: {}", command.front(),
                   std::strerror(error));
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    // As if it had happened to us: the guardian judges signals.
    ::signal(WTERMSIG(status), SIG_DFL);
    ::raise(WTERMSIG(status));
    return kFailed;
  }

  Status TakeRows() {
    const auto columns = ReadText("out/columns");
    if (!columns.ok()) return columns.status();
    std::istringstream lines(*columns);
    for (std::string line; std::getline(lines, line);) {
      const std::size_t tab = line.find('\t');
      if (tab == std::string::npos || tab == 0)
        return Error(Code::kInvalidArgument, "out/columns has the line '{}'", line);
      v1::SqlColumn* column = making_.task.add_columns();
      column->set_name(line.substr(0, tab));
      column->set_type(line.substr(tab + 1));
    }
    if (making_.task.columns().empty())
      return Error(Code::kInvalidArgument, "a relation without columns cannot be made");
    making_.csv = "out/rows.csv";
    making_.csv_null = kNull;
    if (Status s = Connect(); !s.ok()) return s;
    if (Status s = WriteText(kWritingMark, ""); !s.ok()) return s;
    const auto made = sql::Materialise(session_, making_);
    if (LeavesRelationAlone(made.status())) fs::remove(kWritingMark);
    return made.ok() ? Tell(*made) : made.status();
  }

  /// The manifest, with what the program says of itself.
  Status Tell(const sql::Made& made) const {
    nlohmann::json metadata = nlohmann::json::object();
    std::error_code error;
    if (fs::exists("out/metadata", error)) {
      const auto text = ReadText("out/metadata");
      if (!text.ok()) return text.status();
      metadata = nlohmann::json::parse(*text, nullptr, false);
      if (!metadata.is_object())
        return Error(Code::kInvalidArgument, "out/metadata is no JSON object");
    }
    metadata["sql"] = SqlMetadata(made);
    const char* const path = std::getenv("FFT_MANIFEST");
    if (path == nullptr) return Ok();
    nlohmann::json output = {{"ref", making_.relation}};
    if (made.rows >= 0) output["rows"] = made.rows;
    if (made.bytes >= 0) output["bytes"] = made.bytes;
    const nlohmann::json manifest = {{"outputs", {std::move(output)}}, {"metadata", metadata}};
    return WriteText(path, manifest.dump());
  }

  const v1::Grant grant_;
  const std::string service_;
  sql::Making making_;
  sql::Session session_;
};

}  // namespace

int RunRows(const std::string& grant_file, const std::vector<std::string>& command) {
  v1::Grant grant;
  std::ifstream file(grant_file, std::ios::binary);
  if (!grant.ParseFromIstream(&file)) {
    fmt::print(stderr, "{} is no grant\n", grant_file);
    return kFailed;
  }
  grant.set_connection(TakeVariable(kConnectionVariable));
  const auto code = Rows(std::move(grant), TakeVariable(kServiceVariable)).Run(command);
  if (code.ok()) return *code;
  fmt::print(stderr, "{}\n", Message(code.status()));
  switch (code.status().code()) {
    case Code::kUnavailable:
    case Code::kUnknown:  // the next attempt sees what became of it
    case Code::kAborted: return kRetriable;
    default: return kFailed;
  }
}

}  // namespace fft
