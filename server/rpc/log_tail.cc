#include "server/rpc/log_tail.h"

#include <utility>

namespace fft {

namespace {

constexpr std::int64_t kChunk = 256 << 10;
/// Small pieces gather for so long.
constexpr std::chrono::milliseconds kGather{10};

}  // namespace

LogTail::LogTail(Gate& gate, RunId run, std::int64_t offset, bool is_following)
    : Outflow(gate, "Runs.TailLogs"), run_(run), offset_(offset), is_following_(is_following) {
  gate.logs().Join(run_);
}

LogTail::~LogTail() { gate().logs().Leave(run_); }

void LogTail::Step() {
  const std::int64_t version = gate().logs().Version(run_);
  ReadLater([this, version](Library& library) { Read(library, version); });
}

void LogTail::Read(Library& library, std::int64_t version) {
  // In this order: what the run wrote before it ended is read after its end was seen.
  const auto run = library.GetRun(run_);
  if (!run.ok()) return Close(run.status());
  auto data = library.ReadLog(run_, offset_, kChunk);
  if (!data.ok()) return Close(data.status());
  if (!data->empty()) {
    message().set_offset(offset_);
    offset_ += static_cast<std::int64_t>(data->size());
    message().set_data(std::move(*data));
    return Write();
  }
  if (!is_following_ || !run->is_live) return Close(Ok());
  const auto keep = self();  // once parked, the turn and with it this stream may be gone
  if (!gate().logs().Park(run_, version, *this)) return Turn();
  if (is_interrupted()) Interrupted();
}

void LogTail::Interrupted() {
  if (gate().logs().Unpark(run_, *this)) Turn();
}

void LogTail::WakeUp() {
  gate().pump().After(kGather, [this, keep = self()] { Turn(); });
}

}  // namespace fft
