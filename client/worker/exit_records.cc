#include "client/worker/exit_records.h"

#include "server/base/log.h"

namespace fft {
namespace {

using Exits = std::map<std::pair<std::int64_t, int>, worker::Exit>;
constexpr std::int64_t kRewriteBytes = 4 << 20;

void EraseRun(std::int64_t run, Exits* exits) {
  exits->erase(exits->lower_bound({run, 0}), exits->lower_bound({run + 1, 0}));
}

}  // namespace

StatusOr<ExitRecords> ExitRecords::Open(const std::string& path) {
  Exits exits;
  auto file = RecordFile::Open(path, [&exits](std::string_view payload) {
    worker::ExitEntry entry;
    if (!entry.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
    if (entry.forgotten() != 0) EraseRun(entry.forgotten(), &exits);
    if (entry.has_exit()) exits[{entry.exit().run(), entry.exit().turn()}] = entry.exit();
  });
  if (!file.ok()) return file.status();
  ExitRecords records(*std::move(file));
  records.exits_ = std::move(exits);
  return records;
}

void ExitRecords::Add(const worker::Exit& exit) {
  worker::ExitEntry entry;
  *entry.mutable_exit() = exit;
  file_.Add(entry.SerializeAsString());
  exits_[{exit.run(), exit.turn()}] = exit;
}

void ExitRecords::Forget(std::int64_t run) {
  const auto first = exits_.lower_bound({run, 0});
  if (first == exits_.end() || first->first.first != run) return;
  worker::ExitEntry entry;
  entry.set_forgotten(run);
  file_.Add(entry.SerializeAsString());
  EraseRun(run, &exits_);
}

void ExitRecords::Flush() {
  Status written = file_.Flush();
  if (written.ok() && file_.bytes() > kRewriteBytes) {
    std::vector<std::string> payloads;
    for (const auto& [key, exit] : exits_) {
      worker::ExitEntry entry;
      *entry.mutable_exit() = exit;
      payloads.push_back(entry.SerializeAsString());
    }
    written = file_.Rewrite(payloads);
  }
  if (!written.ok()) LogWarning("{}: exits would not survive the guardian", Message(written));
}

}  // namespace fft
