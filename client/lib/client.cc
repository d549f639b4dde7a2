#include "client/lib/client.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>

#include <fmt/format.h>

#include "client/lib/backoff.h"

namespace fft {

namespace {

bool PauseByClock(Duration length, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, length, [] { return false; });
  return !stop.stop_requested();
}

double Luck() {
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random);
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)), route_(options_.address) {
  if (!options_.pause) options_.pause = PauseByClock;
}

void Client::Prepare(grpc::ClientContext& context) const {
  if (!options_.principal.empty()) context.AddMetadata("fft-principal", options_.principal);
}

bool Client::IsWorthAnother(const Failure& failure) const {
  const bool is_answer = failure.is_from_daemon || failure.status.code() == Code::kCancelled;
  return IsTransient(failure) && (is_answer || was_reached_);
}

// Once to each: whoever was asked too often in vain is given time.
bool Client::Turn(const Failure& failure, std::size_t* turns) {
  return *turns < route_.size() && route_.Turn(failure) && ++*turns > 0;
}

Status Client::Final(const Failure& failure, Duration limit) const {
  if (failure.is_from_daemon) return failure.status;
  if (failure.status.code() == Code::kUnavailable)
    return Unreachable(options_.address, failure.status);
  if (failure.status.code() == Code::kDeadlineExceeded)
    return Unreachable(options_.address, Error(Code::kDeadlineExceeded, "no answer within {} s",
                                               static_cast<double>(limit.count()) / 1000));
  return failure.status;
}

Status Client::Attempt(const std::function<grpc::Status(grpc::ClientContext&)>& call,
                       Duration limit) {
  if (limit == Duration::zero()) limit = options_.call_limit;
  Backoff backoff(options_.patience);
  std::size_t turns = 0;
  while (true) {
    grpc::ClientContext context;
    Prepare(context);
    context.set_deadline(std::chrono::system_clock::now() + limit);
    const grpc::Status status = call(context);
    if (status.ok()) {
      was_reached_ = true;
      return Ok();
    }
    const Failure failure = Decode(status);
    if (failure.is_from_daemon) was_reached_ = true;
    if (Turn(failure, &turns)) continue;
    if (!IsWorthAnother(failure)) return Final(failure, limit);
    turns = 0;
    const auto wait = backoff.Next(failure.retry_after, Luck());
    if (!wait || !options_.pause(*wait, {})) return Final(failure, limit);
  }
}

Status Client::Stream(const StreamBody& body, const std::stop_token& stop) {
  Backoff backoff(options_.stream_patience);
  std::size_t turns = 0;
  while (true) {
    grpc::ClientContext context;
    Prepare(context);
    const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
    const grpc::Status status = body(context, [&] {
      was_reached_ = true;
      backoff.Reset();
    });
    if (status.ok()) {
      was_reached_ = true;
      return Ok();
    }
    if (stop.stop_requested()) return Error(Code::kCancelled, "stopped");
    const Failure failure = Decode(status);
    if (failure.is_from_daemon) was_reached_ = true;
    if (Turn(failure, &turns)) continue;
    if (!IsWorthAnother(failure)) return Final(failure, options_.call_limit);
    turns = 0;
    const auto wait = backoff.Next(failure.retry_after, Luck());
    if (!wait) return Final(failure, options_.call_limit);
    if (told_) told_(failure.status);
    if (!options_.pause(*wait, stop)) return Error(Code::kCancelled, "stopped");
  }
}

std::string NewRequestId() {
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i) id += fmt::format("{:08x}", random());
  return id;
}

}  // namespace fft
