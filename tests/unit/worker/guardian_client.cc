#include "guardian_client.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "server/base/check.h"

namespace fft {

TestFolder::TestFolder() {
  char name[] = "/tmp/fft-worker-test-XXXXXX";
  FFT_CHECK(::mkdtemp(name) != nullptr);
  path_ = name;
}

TestFolder::~TestFolder() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(path_, ignored)) {
    if (entry.is_directory(ignored) && !entry.is_symlink(ignored))
      ::chmod(entry.path().c_str(), 0755);
  }
  std::filesystem::remove_all(path_, ignored);
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteFile(const std::string& path, const std::string& bytes, bool executable) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
  FFT_CHECK(::chmod(path.c_str(), executable ? 0755 : 0644) == 0);
}

GuardianClient::GuardianClient(const std::string& dir, const std::string& orphan_after)
    : dir_(dir) {
  const std::string program = FFT_BIN_DIR "/fft-worker";
  std::vector<std::string> words = {program, "guardian",       "--foreground", "--dir",
                                    dir,     "--orphan-after", orphan_after};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  FFT_CHECK(::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, argv.data(), environ) == 0);
}

GuardianClient::~GuardianClient() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGTERM);
  AwaitEnd();
}

worker::Notice GuardianClient::Connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (dir_ + "/guardian.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  reader_ = FrameReader();
  socket_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  while (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::this_thread::yield();  // it is coming up
    int status = 0;
    FFT_CHECK(::waitpid(pid_, &status, WNOHANG) == 0);
  }
  worker::Command hello;
  hello.mutable_greeting()->set_orphan_after_ms(60'000);
  Send(hello);
  return Receive();
}

void GuardianClient::Send(const worker::Command& command) {
  std::string bytes;
  AppendFrame(command.SerializeAsString(), &bytes);
  FFT_CHECK(WriteAll(socket_.get(), bytes, "guardian").ok());
}

worker::Notice GuardianClient::Receive() {
  worker::Notice notice;
  std::string payload;
  char piece[65536];
  while (!reader_.Next(&payload)) {
    const ssize_t n = ::read(socket_.get(), piece, sizeof piece);
    if (n <= 0) return notice;
    reader_.Add({piece, static_cast<std::size_t>(n)});
  }
  FFT_CHECK(notice.ParseFromString(payload));
  for (const auto& s : notice.started()) started_.push_back(s);
  for (const auto& e : notice.exits()) exits_.push_back(e);
  return notice;
}

worker::Exit GuardianClient::AwaitExit(std::int64_t run) {
  while (true) {
    for (const worker::Exit& exit : exits_) {
      if (exit.run() == run) return exit;
    }
    const worker::Notice notice = Receive();
    FFT_CHECK(notice.listing() || notice.started_size() + notice.exits_size() > 0);
  }
}

worker::Started GuardianClient::AwaitStarted(std::int64_t run) {
  while (true) {
    for (const worker::Started& started : started_) {
      if (started.run() == run) return started;
    }
    const worker::Notice notice = Receive();
    FFT_CHECK(notice.listing() || notice.started_size() + notice.exits_size() > 0);
  }
}

std::string GuardianClient::FolderOf(std::int64_t run) const {
  return dir_ + "/runs/" + std::to_string(run);
}

worker::Start GuardianClient::Shell(std::int64_t run, const std::string& script) {
  std::filesystem::create_directories(FolderOf(run) + "/scratch");
  worker::Start start;
  start.set_run(run);
  start.set_epoch(1);
  start.set_executable("/bin/sh");
  for (const char* word : {"sh", "-c", script.c_str()}) start.add_argv(word);
  start.add_env("PATH=/usr/bin:/bin");
  start.add_env("FFT_RUN=" + std::to_string(run) + "@1");
  start.set_cwd(FolderOf(run) + "/scratch");
  start.set_folder(FolderOf(run));
  start.set_log_max_bytes(1 << 20);
  start.set_kill_after_ms(5'000);
  return start;
}

worker::Exit GuardianClient::RunShell(std::int64_t run, const std::string& script) {
  worker::Command command;
  *command.add_starts() = Shell(run, script);
  Send(command);
  return AwaitExit(run);
}

int GuardianClient::AwaitEnd() {
  int status = 0;
  if (pid_ > 0) ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

void GuardianClient::KillHard() {
  ::kill(pid_, SIGKILL);
  AwaitEnd();
}

bool IsAlive(pid_t pid) {
  const std::string stat = ReadFile("/proc/" + std::to_string(pid) + "/stat");
  const std::size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat[name_end + 2] != 'Z';
}

void MakeFifo(const std::string& path) { FFT_CHECK(::mkfifo(path.c_str(), 0600) == 0); }

std::string ReadFifo(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char piece[4096];
  for (ssize_t n = 0; (n = ::read(fd.get(), piece, sizeof piece)) > 0;) {
    text.append(piece, static_cast<std::size_t>(n));
  }
  return text;
}

}  // namespace fft
