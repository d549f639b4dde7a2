#include "server/rpc/worker_stream.h"

#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "server/base/error_details.h"
#include "server/rpc/convert.h"

namespace fft {

namespace {

constexpr std::string_view kMethod = "Workers.Connect";
constexpr std::chrono::milliseconds kPatience{1000};

std::size_t Count(const WorkerOrders& orders) {
  return orders.grants.size() + orders.kills.size() + orders.acknowledged.size() +
         orders.adopted.size();
}

template <class T>
void AddTo(std::vector<T>* to, std::vector<T> from) {
  if (to->empty()) return to->swap(from);
  to->insert(to->end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

WorkerStream::WorkerStream(Gate& gate, grpc::CallbackServerContext* context)
    : gate_(gate), call_(context) {}

grpc::ServerBidiReactor<v1::WorkerMessage, v1::DaemonMessage>* WorkerStream::Open(
    Gate& gate, grpc::CallbackServerContext* context) {
  const auto stream = std::make_shared<WorkerStream>(gate, context);
  stream->self_ = stream;
  const bool is_open = gate.streams().Add(stream);
  const auto principal = gate.Enter(*context, kMethod);
  if (!principal.ok())
    stream->Leave(principal.status());
  else if (!is_open)
    stream->Leave(Stopping());
  else
    stream->StartRead(&stream->in_);
  return stream.get();
}

void WorkerStream::Send(WorkerOrders orders) {
  bool is_too_much = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_finished_ || why_) return;
    pending_.worker = orders.worker;
    pending_.epoch = std::max(pending_.epoch, orders.epoch);
    const std::size_t count = Count(orders);
    AddTo(&pending_.grants, std::move(orders.grants));
    AddTo(&pending_.kills, std::move(orders.kills));
    AddTo(&pending_.acknowledged, std::move(orders.acknowledged));
    AddTo(&pending_.adopted, std::move(orders.adopted));
    pending_count_ += count;
    owes_heartbeat_ = owes_heartbeat_ || count == 0;
    is_too_much = pending_count_ > kPendingMax;
  }
  if (!is_too_much) return Advance();
  Close(WithDetails(Error(Code::kResourceExhausted,
                          "the worker does not read: {} orders have gathered", kPendingMax),
                    {.reason = "WORKER_TOO_SLOW", .metadata = {}, .fields = {}}));
}

void WorkerStream::Close(const Status& why) { Leave(why.ok() ? Stopping() : why); }

void WorkerStream::Stop() { Leave(Stopping()); }

void WorkerStream::Leave(const Status& why) {
  bool is_writing = false;
  bool is_too_slow = false;
  {
    const std::lock_guard lock(mutex_);
    if (is_finished_ || why_) return;
    why_ = why;
    is_writing = is_writing_;
    is_too_slow = pending_count_ > kPendingMax;
    pending_ = {};
  }
  if (!is_writing) return Advance();
  // A write that does not end is cut off: it fails, and OnWriteDone() finishes.
  if (is_too_slow) return call_.Cancel();
  gate_.pump().After(kPatience, [keep = shared_from_this()] { keep->call_.Cancel(); });
}

void WorkerStream::OnReadDone(bool ok) {
  if (!ok) return Leave(Ok());
  const bool is_first = !is_greeted_;
  const Status heard = is_first ? Greet() : Hear();
  if (!heard.ok()) return Leave(heard);
  if (is_first) return;  // Welcomed() reads on, and perhaps did already
  WorkerNews news;
  {
    const std::lock_guard lock(mutex_);
    news.worker = welcome_->worker;
    news.reports.swap(refused_);
  }
  if (!news.reports.empty()) gate_.service().WorkerSaid(std::move(news));
  StartRead(&in_);
}

Status WorkerStream::Greet() {
  if (!in_.has_hello()) return InvalidField("hello", "is missing from the first message");
  Fields fields;
  WorkerHello hello = FromProto(in_.hello(), "hello", &fields);
  if (!fields.ok()) return fields.status();
  is_greeted_ = true;
  gate_.service().WorkerConnected(std::move(hello), shared_from_this(),
                                  [keep = shared_from_this()](StatusOr<WorkerWelcome> welcome) {
                                    if (welcome.ok())
                                      keep->Welcomed(*welcome);
                                    else
                                      keep->Leave(welcome.status());
                                  });
  return Ok();
}

void WorkerStream::Welcomed(const WorkerWelcome& welcome) {
  bool is_gone = false;
  {
    const std::lock_guard lock(mutex_);
    is_gone = is_finished_;
    // Until here nothing was written, and as long as this is set nothing is finished.
    is_writing_ = !is_gone;
    if (!is_gone) welcome_ = welcome;
  }
  if (is_gone) return gate_.service().WorkerGone(welcome.worker, shared_from_this());
  StartRead(&in_);
  Fill();
  StartWrite(&out_);
}

Status WorkerStream::Hear() {
  WorkerNews news;
  {
    const std::lock_guard lock(mutex_);
    news.worker = welcome_->worker;
  }
  Fields fields;
  for (const v1::RunStarted& started : in_.started()) {
    fields.Id("started.run", started.run());
    news.started.emplace_back(RunId{started.run()},
                              FromProto(started.time(), "started.time", &fields));
  }
  if (!fields.ok()) return fields.status();
  for (int i = 0; i < in_.reports_size(); ++i) {
    Fields of_report;
    RunReport report = FromProto(in_.reports(i), fmt::format("reports[{}]", i), &of_report);
    if (!of_report.ok()) {
      // It would say so for ever: what it says is the run's fault.
      if (!report.run || !report.epoch) return of_report.status();
      report = {.run = report.run,
                .epoch = report.epoch,
                .outcome = Outcome::kBadOutput,
                .message = Clean(Message(of_report.status()), 1000),
                .outputs = {},
                .left_outputs_alone = false};
    }
    news.reports.push_back(std::move(report));
  }
  news.is_heartbeat = in_.heartbeat();
  for (const std::int64_t run : in_.held()) news.held.push_back(RunId{run});
  gate_.service().WorkerSaid(std::move(news));
  return Ok();
}

void WorkerStream::OnWriteDone(bool ok) {
  {
    const std::lock_guard lock(mutex_);
    is_writing_ = false;
    if (!ok && !why_) why_ = Error(Code::kCancelled, "the worker left");
  }
  Advance();
}

void WorkerStream::OnCancel() { Leave(Error(Code::kCancelled, "the worker left")); }

void WorkerStream::OnDone() {
  const auto last = std::move(self_);
  call_.Drop();
  gate_.streams().Remove(this);
  std::optional<WorkerWelcome> welcome;
  {
    const std::lock_guard lock(mutex_);
    welcome = welcome_;
  }
  if (welcome) gate_.service().WorkerGone(welcome->worker, last);
}

WorkerStream::Due WorkerStream::TakeDue() {
  const std::lock_guard lock(mutex_);
  if (is_writing_ || is_finished_) return Due::kNothing;
  if (why_) {
    is_finished_ = true;
    return Due::kFinish;
  }
  if (!welcome_ || (pending_count_ == 0 && !has_more_ && !owes_heartbeat_)) return Due::kNothing;
  is_writing_ = true;
  return Due::kWrite;
}

void WorkerStream::Advance() {
  switch (TakeDue()) {
    case Due::kNothing: return;
    case Due::kFinish:
      gate_.Leave(kMethod, *why_, entered_);
      Finish(ToGrpc(*why_));
      return;
    case Due::kWrite: break;
  }
  Fill();
  StartWrite(&out_);
}

void WorkerStream::Fill() {
  out_.Clear();
  bool is_fresh = false;
  {
    const std::lock_guard lock(mutex_);
    if (!is_welcome_sent_) ToProto(*welcome_, &out_);
    is_welcome_sent_ = true;
    out_.set_heartbeat(std::exchange(owes_heartbeat_, false));
    is_fresh = !has_more_;
    if (is_fresh) {
      sending_ = std::exchange(pending_, {});
      pending_count_ = 0;
      grants_sent_ = 0;
    }
    out_.set_epoch(std::max(sending_.epoch, welcome_->epoch).value);
  }
  if (is_fresh) {
    for (const RunId run : sending_.kills) out_.add_kills(run.value);
    for (const RunId run : sending_.acknowledged) out_.add_acknowledged(run.value);
    for (const RunId run : sending_.adopted) out_.add_adopted(run.value);
  }
  AddGrants();
}

void WorkerStream::AddGrants() {
  std::size_t bytes = 0;
  while (grants_sent_ < sending_.grants.size() && bytes < kMessageBytesMax) {
    const Grant& grant = sending_.grants[grants_sent_];
    v1::Grant& out = *out_.add_grants();
    ToProto(grant, &out);
    std::size_t size = out.ByteSizeLong();
    if (size > kGrantBytesMax && out.texts_size() > 0) {
      out.clear_texts();
      size = out.ByteSizeLong();
    }
    if (size > kGrantBytesMax) {
      out_.mutable_grants()->RemoveLast();
      RefuseGrant(grant, size);
    } else if (bytes > 0 && bytes + size > kGrantBytesMax - 100'000) {
      out_.mutable_grants()->RemoveLast();
      break;
    }
    bytes += size > kGrantBytesMax ? 0 : size;
    ++grants_sent_;
  }
  const std::lock_guard lock(mutex_);
  has_more_ = grants_sent_ < sending_.grants.size();
  if (!has_more_) sending_.grants.clear();
}

// The next thing that is read takes the report along: the app must not be called from within
// Send().
void WorkerStream::RefuseGrant(const Grant& grant, std::size_t bytes) {
  RunReport report{.run = grant.lease.run,
                   .epoch = grant.lease.epoch,
                   .outcome = Outcome::kFailed,
                   .message = fmt::format("the job config of run {} takes {} bytes, {} is the most "
                                          "a worker can be told",
                                          grant.lease.run.value, bytes, kGrantBytesMax),
                   .outputs = {}};
  const std::lock_guard lock(mutex_);
  refused_.push_back(std::move(report));
}

}  // namespace fft
