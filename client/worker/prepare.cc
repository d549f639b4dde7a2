#include "client/worker/prepare.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/core.h>

#include "client/worker/fd.h"
#include "client/worker/journal.h"
#include "client/worker/processes.h"
#include "client/worker/publish.h"
#include "client/worker/rows_program.h"
#include "client/worker/times.h"

namespace fft {
namespace {

namespace v1 = build::v1;
constexpr std::int64_t kLogBytes = 1 << 20;

Status MakeEmptyFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0) return Ok();
  if (errno == ENOENT) return MakeFolders(path);
  // Left by the first turn, or by an attempt to start that was cut short.
  if (const Status s = RemoveAll(path); !s.ok()) return s;
  return MakeFolders(path);
}

// A file that was emptied first would be sent to the disk when it is closed: ext4's auto_da_alloc.
Status WriteOver(const std::string& path, std::string_view bytes) {
  const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return ErrnoStatus(Code::kUnavailable, path);
  if (const Status s = WriteAll(fd.get(), bytes, path); !s.ok()) return s;
  if (::ftruncate(fd.get(), static_cast<off_t>(bytes.size())) == 0) return Ok();
  return ErrnoStatus(Code::kUnavailable, path);
}

std::string InputLines(const v1::Grant& grant, const RunPlaces& places) {
  std::string lines;
  for (int i = 0; i < grant.config().inputs_size(); ++i) {
    const v1::Input& input = grant.config().inputs(i);
    if (input.kind() == v1::ORDER) continue;
    const std::string uri = i < grant.input_uris_size() ? grant.input_uris(i) : "";
    const std::string path = uri.empty() ? places.root + "/" + input.ref() : PathOfUri(uri);
    lines += input.ref() + "\t" + path + "\n";
  }
  return lines;
}

/// Lists that are empty are not written, and their variables name /dev/null.
Status WriteLists(const v1::Grant& grant, const RunPlaces& places,
                  std::map<std::string, std::string>* env) {
  const std::string inputs = InputLines(grant, places);
  (*env)["FFT_INPUTS"] = inputs.empty() ? "/dev/null" : places.folder + "/inputs";
  if (!inputs.empty()) {
    if (const Status s = WriteOver(places.folder + "/inputs", inputs); !s.ok()) return s;
  }
  std::string outputs;
  for (const std::string& ref : grant.config().outputs()) outputs += ref + "\n";
  (*env)["FFT_OUTPUTS"] = outputs.empty() ? "/dev/null" : places.folder + "/outputs";
  return outputs.empty() ? Ok() : WriteOver(places.folder + "/outputs", outputs);
}

/// So that a job can write to $FFT_OUT/REF without making folders first.
Status MakeOutputFolders(const v1::Grant& grant, const RunPlaces& places) {
  std::string_view last;
  for (const std::string& ref : grant.config().outputs()) {
    const std::size_t slash = ref.rfind('/');
    if (slash == std::string::npos) continue;
    const std::string_view folder = std::string_view(ref).substr(0, slash);
    if (folder == last) continue;
    last = folder;
    if (const Status s = MakeFolders(fmt::format("{}/{}", places.staging, folder)); !s.ok())
      return s;
  }
  return Ok();
}

void AddLines(const std::string& lines, std::map<std::string, std::string>* env) {
  std::istringstream text(lines);
  for (std::string line; std::getline(text, line);)
    if (const std::size_t equals = line.find('='); equals != std::string::npos && equals > 0)
      (*env)[line.substr(0, equals)] = line.substr(equals + 1);
}

/// The program of an SQL job is executed by ours, which brings its inputs and takes its rows.
Status WrapRows(const v1::Grant& grant, const RunPlaces& places, const std::string& service,
                std::map<std::string, std::string>* env, worker::Start* start) {
  const std::string file = places.folder + "/grant";
  if (const Status s = WriteOver(file, Written(grant).SerializeAsString()); !s.ok()) return s;
  (*env)[kConnectionVariable] = grant.connection();
  (*env)[kServiceVariable] = service;
  const std::string program = start->executable();
  start->set_executable(OwnProgram());
  std::vector<std::string> arguments = {start->executable(), "rows", file, program};
  arguments.insert(arguments.end(), start->argv().begin() + 1, start->argv().end());
  start->clear_argv();
  for (const std::string& argument : arguments) start->add_argv(argument);
  return Ok();
}

void SetEnvironment(const std::map<std::string, std::string>& env, worker::Start* start) {
  for (const auto& [name, value] : env) {
    if (!name.empty() && name.find('=') == std::string::npos) start->add_env(name + "=" + value);
  }
}

}  // namespace

StatusOr<worker::Start> PrepareRun(RunFolders& folders, const v1::Grant& grant,
                                   const RunPlaces& places, const std::string& files, int turn,
                                   const std::string& service) {
  const v1::JobConfig& config = grant.config();
  const bool is_rows = config.runner() == v1::RUNNER_SQL && !grant.configure();
  const std::string& program = is_rows ? config.sql().program() : config.executable();
  const auto file = std::find_if(config.files().begin(), config.files().end(),
                                 [&](const auto& f) { return f.path() == program; });
  if (file == config.files().end()) {
    return Error(Code::kInvalidArgument, "executable {} is not among the job's deployed files",
                 program);
  }
  const Status made = turn == 0 ? folders.Make(places) : MakeEmptyFolder(places.scratch);
  if (!made.ok()) return made;

  std::map<std::string, std::string> env = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                            {"HOME", places.scratch},
                                            {"LANG", "C.UTF-8"},
                                            {"TZ", "UTC"}};
  for (const auto& [name, value] : config.env()) env[name] = value;
  AddLines(grant.environment(), &env);
  env[std::string(kRunVariable)] = RunMarker(grant.run(), grant.epoch());
  env["FFT_JOB"] = config.job();
  env["FFT_FILES"] = files;
  env["FFT_ROOT"] = places.root;
  if (!grant.configure()) {
    if (const Status s = WriteLists(grant, places, &env); !s.ok()) return s;
    env["FFT_MANIFEST"] = places.folder + "/manifest";
  }
  if (!places.staging.empty()) {
    if (const Status s = MakeEmptyFolder(places.staging); !s.ok()) return s;
    if (const Status s = MakeOutputFolders(grant, places); !s.ok()) return s;
    env["FFT_OUT"] = places.staging;
  }

  worker::Start start;
  start.set_run(grant.run());
  start.set_epoch(grant.epoch());
  start.set_turn(turn);
  start.set_executable(files + "/" + program);
  start.add_argv(start.executable());
  for (const std::string& arg : config.args()) start.add_argv(arg);
  if (grant.configure() && config.args().empty()) {
    for (const std::string& ref : config.outputs()) start.add_argv(ref);
  }
  if (is_rows)
    if (const Status s = WrapRows(grant, places, service, &env, &start); !s.ok()) return s;
  SetEnvironment(env, &start);
  start.set_cwd(places.scratch);
  start.set_folder(places.folder);
  start.set_log_max_bytes(grant.limits().log_max_bytes() > 0 ? grant.limits().log_max_bytes()
                                                             : kLogBytes);
  start.set_stdout_max_bytes(grant.configure() ? kStdoutBytesMax : 0);
  start.set_wall_max_ms(WallMax(grant).count());
  start.set_kill_after_ms(KillAfter(grant).count());
  start.set_slots(grant.configure() ? 0 : std::max(1, grant.limits().slots()));
  start.set_memory_max_bytes(grant.limits().memory_max_bytes());
  return start;
}

}  // namespace fft
