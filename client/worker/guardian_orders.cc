// The guardian's half that speaks with the agent.
#include <algorithm>

#include <sys/epoll.h>
#include <sys/socket.h>

#include "client/worker/guardian.h"
#include "server/base/log.h"

namespace fft {

void Guardian::Accept() {
  Fd fd(::accept4(listen_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd) return;
  if (agent_) {
    // The agents' lock lets only one live, so that the old one is dead: its last orders count.
    ReadAgent();
    DropAgent();
  }
  agent_ = std::move(fd);
  from_agent_ = FrameReader();
  to_agent_.clear();
  is_writing_watched_ = false;
  Watch(agent_.get(), TagOf(kAgent));
}

void Guardian::ReadAgent() {
  char piece[1 << 16];
  std::string payload;
  while (agent_) {
    const ssize_t n = ::read(agent_.get(), piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n <= 0) return DropAgent();
    from_agent_.Add({piece, static_cast<std::size_t>(n)});
    while (from_agent_.Next(&payload)) {
      worker::Command command;
      if (command.ParseFromString(payload)) Obey(command);
    }
    if (!from_agent_.status().ok()) {
      LogError("from the agent: {}", Message(from_agent_.status()));
      return DropAgent();
    }
  }
  WriteToAgent();
}

void Guardian::DropAgent() {
  if (!agent_) return;
  agent_.Close();
  queue_.clear();  // the next agent finds them neither alive nor ended, and sends them again
  agent_lost_at_ = Now();
}

void Guardian::Obey(const worker::Command& command) {
  if (command.has_greeting()) {
    options_.orphan_after = Duration(command.greeting().orphan_after_ms());
    slots_ = command.greeting().slots();
    is_ending_when_idle_ = false;
    SendListing();
  }
  for (const std::int64_t run : command.forgets()) exits_->Forget(run);
  for (const worker::Start& start : command.starts()) Admit(start);
  for (const std::int64_t run : command.kills()) {
    if (KillQueued(run)) continue;
    for (auto it = ids_.lower_bound({run, 0}); it != ids_.end() && it->first.first == run; ++it) {
      runs_.at(it->second)->Stop(worker::STOPPED_BY_ORDER, Now());
    }
  }
  if (command.stop()) StopAll(worker::STOPPED_BY_GUARDIAN_END);
  if (command.stop_when_idle()) is_ending_when_idle_ = true;
}

void Guardian::Admit(const worker::Start& start) {
  const std::pair<std::int64_t, int> key{start.run(), start.turn()};
  const bool is_known = ids_.contains(key) || exits_->Contains(key.first, key.second) ||
                        std::any_of(queue_.begin(), queue_.end(), [&](const worker::Start& queued) {
                          return queued.run() == start.run() && queued.turn() == start.turn();
                        });
  if (is_ending_ || is_known) return;
  if (start.slots() == 0) return StartRun(start);
  queue_.push_back(start);
  StartWhatFits();
}

// In the order they came: a wide run is not overtaken for ever by narrow ones.
void Guardian::StartWhatFits() {
  while (!queue_.empty() && !is_ending_) {
    const int slots = queue_.front().slots();
    if (slots_ > 0 && slots_used_ > 0 && slots_used_ + slots > slots_) return;
    const worker::Start start = std::move(queue_.front());
    queue_.pop_front();
    StartRun(start);
  }
}

bool Guardian::KillQueued(std::int64_t run) {
  const auto found = std::find_if(queue_.begin(), queue_.end(),
                                  [&](const worker::Start& start) { return start.run() == run; });
  if (found == queue_.end()) return false;
  worker::Exit exit;
  exit.set_run(run);
  exit.set_epoch(found->epoch());
  exit.set_turn(found->turn());
  exit.set_stopped(worker::STOPPED_BY_ORDER);
  exit.set_started_ms(ToMillis(Now()));
  exit.set_ended_ms(ToMillis(Now()));
  exits_->Add(exit);
  *notice_.add_exits() = std::move(exit);
  queue_.erase(found);
  return true;
}

void Guardian::StartRun(const worker::Start& start) {
  const std::pair<std::int64_t, int> key{start.run(), start.turn()};
  const std::uint32_t id = ++last_id_;
  GuardedRun& run = *(runs_[id] = std::make_unique<GuardedRun>(start, Now()));
  ids_[key] = id;
  slots_used_ += start.slots();
  if (!run.Launch(null_.get(), Now())) return EndRun(id);
  leaders_[run.pid()] = id;
  Watch(run.fd(GuardedRun::Stream::kStdout), TagOf(kStdout, id));
  Watch(run.fd(GuardedRun::Stream::kStderr), TagOf(kStderr, id));
  if (start.memory_max_bytes() > 0) memory_due_ = std::min(memory_due_, Now());
  worker::Started* started = notice_.add_started();
  started->set_run(start.run());
  started->set_turn(start.turn());
  started->set_at_ms(ToMillis(Now()));
  started->set_pid(run.pid());
}

void Guardian::SendListing() {
  notice_.Clear();  // the listing has it all
  notice_.set_listing(true);
  notice_.set_instance(instance_);
  for (const auto& [id, run] : runs_) {
    worker::Started* started = notice_.add_started();
    started->set_run(run->start().run());
    started->set_turn(run->start().turn());
    started->set_at_ms(run->exit().started_ms());
    started->set_pid(run->pid());
  }
  for (const auto& [key, exit] : exits_->exits()) *notice_.add_exits() = exit;
  SendNotice();
}

void Guardian::SendNotice() {
  const bool has_news = notice_.listing() || notice_.started_size() > 0 || notice_.exits_size() > 0;
  if (agent_ && has_news) {
    AppendFrame(notice_.SerializeAsString(), &to_agent_);
    WriteToAgent();
  }
  notice_.Clear();
}

void Guardian::WriteToAgent() {
  while (agent_ && !to_agent_.empty()) {
    const ssize_t n =
        ::send(agent_.get(), to_agent_.data(), to_agent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0) return DropAgent();
    to_agent_.erase(0, static_cast<std::size_t>(n));
  }
  const bool wants_writing = agent_ && !to_agent_.empty();
  if (!agent_ || wants_writing == is_writing_watched_) return;
  is_writing_watched_ = wants_writing;
  epoll_event event{};
  event.events = EPOLLIN | (wants_writing ? static_cast<std::uint32_t>(EPOLLOUT) : 0u);
  event.data.u64 = TagOf(kAgent);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, agent_.get(), &event);
}

}  // namespace fft
