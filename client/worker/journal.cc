#include "client/worker/journal.h"

#include <fstream>

#include "server/base/log.h"

namespace fft {
namespace {

constexpr std::int64_t kShortenBytes = 16 << 20;

std::string BootId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

std::int64_t Size(const std::vector<std::string>& entries) {
  std::int64_t size = 0;
  for (const std::string& entry : entries) size += static_cast<std::int64_t>(entry.size());
  return size;
}

void Apply(const worker::JournalEntry& entry, std::map<std::int64_t, JournaledRun>* runs) {
  if (entry.has_granted()) {
    JournaledRun& run = (*runs)[entry.granted().run()];
    run.grant = entry.granted();
    run.lacks_secrets = entry.lacks_secrets();
    run.guardian = entry.guardian();
  }
  // An entry about a run whose grant could not be written says nothing that can be acted upon.
  if (entry.has_publishing() && runs->contains(entry.publishing().run())) {
    (*runs)[entry.publishing().run()].publishing =
        std::make_shared<build::v1::RunReport>(entry.publishing());
  }
  if (entry.has_ended() && runs->contains(entry.ended().run())) {
    (*runs)[entry.ended().run()].ended = std::make_shared<build::v1::RunReport>(entry.ended());
  }
  if (entry.forgotten() != 0) runs->erase(entry.forgotten());
}

}  // namespace

StatusOr<std::unique_ptr<Journal>> Journal::Open(const std::string& path,
                                                 std::map<std::int64_t, JournaledRun>* runs,
                                                 bool* is_same_boot) {
  std::string boot;
  auto file = RecordFile::Open(path, [&](std::string_view payload) {
    worker::JournalEntry entry;
    if (!entry.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
    if (!entry.boot().empty()) boot = entry.boot();
    Apply(entry, runs);
  });
  if (!file.ok()) return file.status();
  *is_same_boot = boot.empty() || boot == BootId();
  std::unique_ptr<Journal> journal(new Journal(*std::move(file)));
  for (const auto& [id, run] : *runs) {
    worker::JournalEntry entry;
    *entry.mutable_granted() = run.grant;
    entry.set_guardian(run.guardian);
    entry.set_lacks_secrets(run.lacks_secrets);
    if (run.publishing) *entry.mutable_publishing() = *run.publishing;
    if (run.ended) *entry.mutable_ended() = *run.ended;
    journal->live_[id].push_back(entry.SerializeAsString());
    journal->live_bytes_ += Size(journal->live_[id]);
  }
  journal->Shorten();
  return journal;
}

build::v1::Grant Written(build::v1::Grant grant) {
  grant.clear_connection();
  grant.clear_environment();
  grant.clear_texts();
  return grant;
}

void Journal::Granted(const build::v1::Grant& grant, const std::string& guardian) {
  worker::JournalEntry entry;
  *entry.mutable_granted() = Written(grant);
  entry.set_guardian(guardian);
  entry.set_lacks_secrets(!grant.connection().empty() || !grant.environment().empty());
  Add(grant.run(), entry);
}

void Journal::Publishing(const build::v1::RunReport& report) {
  worker::JournalEntry entry;
  *entry.mutable_publishing() = report;
  Add(report.run(), entry);
}

void Journal::Ended(const build::v1::RunReport& report) {
  worker::JournalEntry entry;
  *entry.mutable_ended() = report;
  Add(report.run(), entry);
}

void Journal::Add(std::int64_t run, const worker::JournalEntry& entry) {
  std::string payload = entry.SerializeAsString();
  const std::lock_guard lock(mutex_);
  file_.Add(payload);
  live_bytes_ += static_cast<std::int64_t>(payload.size());
  live_[run].push_back(std::move(payload));
}

void Journal::Forgotten(std::int64_t run) {
  worker::JournalEntry entry;
  entry.set_forgotten(run);
  const std::lock_guard lock(mutex_);
  const auto it = live_.find(run);
  if (it == live_.end()) return;
  live_bytes_ -= Size(it->second);
  live_.erase(it);
  file_.Add(entry.SerializeAsString());
}

void Journal::Flush() {
  const std::lock_guard lock(mutex_);
  const Status written = file_.Flush();
  if (!written.ok()) LogWarning("{}: runs would not survive this agent", Message(written));
}

void Journal::Sync() {
  {
    const std::lock_guard lock(mutex_);
    if (file_.bytes() > kShortenBytes && file_.bytes() > 4 * live_bytes_) Shorten();
  }
  // Outside the lock: grants go on while the disk works.  Only this thread replaces the file.
  const Status synced = file_.Sync();
  if (!synced.ok()) LogWarning("{}: outcomes would not survive the machine", Message(synced));
}

void Journal::Shorten() {
  worker::JournalEntry opening;
  opening.set_boot(BootId());
  std::vector<std::string> payloads = {opening.SerializeAsString()};
  for (const auto& [run, entries] : live_) {
    payloads.insert(payloads.end(), entries.begin(), entries.end());
  }
  const Status written = file_.Rewrite(payloads);
  if (!written.ok()) LogWarning("{}: the journal was not shortened", Message(written));
}

}  // namespace fft
