#include "agent_process.h"

#include <csignal>
#include <filesystem>

#include <spawn.h>
#include <sys/wait.h>

#include "server/base/check.h"
#include "server/base/digest.h"

namespace fft {

namespace v1 = build::v1;

AgentProcess::AgentProcess(const std::string& dir, const std::string& daemon, int slots)
    : dir_(dir) {
  const std::string program = FFT_BIN_DIR "/fft-worker";
  std::vector<std::string> words = {
      program, "agent",  "--daemon", daemon,    "--dir",
      dir,     "--name", "test",     "--slots", std::to_string(slots)};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  FFT_CHECK(::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, argv.data(), environ) == 0);
}

AgentProcess::~AgentProcess() {
  if (pid_ > 0) End(SIGINT);
  // Its agent was killed hard: nobody told it to end.
  const pid_t guardian = GuardianOf(dir_);
  if (guardian > 0) ::kill(guardian, SIGTERM);
}

void AgentProcess::KillHard() { End(SIGKILL); }

int AgentProcess::End(int signal) {
  ::kill(pid_, signal);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

pid_t GuardianOf(const std::string& dir) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string command = ReadFile(entry.path().string() + "/cmdline");
    const std::string wanted = std::string("guardian\0--dir\0", 15) + dir + '\0';
    if (command.find(wanted) != std::string::npos) return std::stoi(entry.path().filename());
  }
  return 0;
}

WorkerWorld::WorkerWorld(int slots)
    : daemon("unix:" + (dir / "daemon.sock")), agent(worker_dir(), address(), slots) {
  daemon.AwaitHello(1);
}

v1::Grant WorkerWorld::Job(std::int64_t run, const std::string& script,
                           const std::vector<std::string>& outputs) {
  daemon.AddBlob(script);
  v1::Grant grant;
  grant.set_run(run);
  grant.set_node(run);
  grant.set_epoch(1);
  grant.set_root_uri("file://" + (dir / "root"));
  grant.set_namespace_("test");
  grant.mutable_config()->set_job("job");
  grant.mutable_config()->set_executable("bin/job");
  v1::FrozenFile* file = grant.mutable_config()->add_files();
  file->set_path("bin/job");
  file->set_digest(std::string(Sha256(script).view()));
  file->set_executable(true);
  for (const std::string& ref : outputs) grant.mutable_config()->add_outputs(ref);
  return grant;
}

v1::RunReport WorkerWorld::RunJob(std::int64_t run, const std::string& script,
                                  const std::vector<std::string>& outputs) {
  daemon.Grant(Job(run, script, outputs));
  return daemon.AwaitReport(run);
}

}  // namespace fft
