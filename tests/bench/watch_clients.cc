// Many watchers in one process, each over a connection of its own: the other end of the benchmarks
// of streams.  Events are read no further than number and time, so that the measured machine is
// kept busy by the daemon.
//
//   watch_clients ADDRESS events COUNT [start]   says "open" when all have had their first message;
//                                                counts from the line "measure" to the line "end",
//                                                then says what it saw
//   watch_clients ADDRESS stalled COUNT [start]  the same, but nobody ever reads; "end" ends it
//   watch_clients ADDRESS builds ID...           reads each build's watch to its end

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include "fft/build/v1/builds.pb.h"
#include "fft/build/v1/catalog.pb.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

std::int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// What all watchers share.
struct Watched {
  std::atomic<int> unopened = 0;
  std::atomic<bool> is_measuring = false;
  std::atomic<int> left = 0;
  std::atomic<int> failed = 0;
};

grpc::ByteBuffer BytesOf(const google::protobuf::Message& message) {
  const std::string text = message.SerializeAsString();
  const grpc::Slice slice(text);
  return {&slice, 1};
}

/// One stream; gRPC calls it from one thread at a time.
class Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  Watcher(Watched& watched, const std::string& address, const std::string& method,
          const google::protobuf::Message& request, bool reads)
      : watched_(watched), reads_(reads), request_(BytesOf(request)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = std::make_unique<grpc::GenericStub>(
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
    stub_->PrepareBidiStreamingCall(&context_, method, {}, this);
    StartWriteLast(&request_, {});
    if (reads_) StartRead(&in_);
    StartCall();
  }

  void Cancel() { context_.TryCancel(); }
  std::vector<std::int64_t>& lags_us() { return lags_us_; }
  std::int64_t gaps() const { return gaps_; }
  std::int64_t messages() const { return messages_; }

  // Comes with the first message.
  void OnReadInitialMetadataDone(bool ok) override {
    if (ok && watched_.unopened.fetch_sub(1) == 1) watched_.unopened.notify_all();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    Take();
    StartRead(&in_);
  }
  void OnDone(const grpc::Status& status) override {
    if (!status.ok() && status.error_code() != grpc::StatusCode::CANCELLED) {
      ++watched_.failed;
      fmt::print(stderr, "a watch ended: {}\n", status.error_message());
    }
    if (watched_.left.fetch_sub(1) == 1) watched_.left.notify_all();
  }

 private:
  void Take() {
    const std::int64_t now_us = NowMicros();
    const bool is_measured = watched_.is_measuring;
    messages_ += is_measured ? 1 : 0;
    grpc::ProtoBufferReader reader(&in_);
    CodedInputStream in(&reader);
    while (const std::uint32_t tag = in.ReadTag()) {
      if (WireFormatLite::GetTagFieldNumber(tag) != v1::WatchResponse::kEventsFieldNumber) {
        WireFormatLite::SkipField(&in, tag);
        continue;
      }
      const std::int64_t at_us = TakeEvent(in);
      if (is_measured) lags_us_.push_back(now_us - at_us);
    }
  }

  /// When it happened.
  std::int64_t TakeEvent(CodedInputStream& in) {
    const auto limit = in.ReadLengthAndPushLimit();
    google::protobuf::Timestamp at;
    while (const std::uint32_t tag = in.ReadTag()) {
      const int field = WireFormatLite::GetTagFieldNumber(tag);
      if (field == v1::Event::kSeqFieldNumber) {
        std::uint64_t seq = 0;
        in.ReadVarint64(&seq);
        gaps_ += last_ != 0 && seq != last_ + 1 ? 1 : 0;
        last_ = seq;
      } else if (field == v1::Event::kTimeFieldNumber) {
        const auto inner = in.ReadLengthAndPushLimit();
        at.MergeFromCodedStream(&in);
        in.PopLimit(inner);
        in.Skip(in.BytesUntilLimit());  // the rest is what it is
        break;
      } else {
        WireFormatLite::SkipField(&in, tag);
      }
    }
    in.PopLimit(limit);
    return at.seconds() * 1'000'000 + at.nanos() / 1'000;
  }

  Watched& watched_;
  const bool reads_;
  const grpc::ByteBuffer request_;
  std::unique_ptr<grpc::GenericStub> stub_;
  grpc::ClientContext context_;
  grpc::ByteBuffer in_;
  std::uint64_t last_ = 0;
  std::int64_t gaps_ = 0;
  std::int64_t messages_ = 0;
  std::vector<std::int64_t> lags_us_;
};

using Watchers = std::vector<std::unique_ptr<Watcher>>;

template <class T>
void AwaitZero(std::atomic<T>& number) {
  for (T left = number; left > 0; left = number) number.wait(left);
}

void AwaitLine(const std::string& wanted) {
  std::string line;
  while (std::getline(std::cin, line) && line != wanted) continue;
}

void PrintSeen(const Watchers& watchers) {
  std::vector<std::int64_t> all;
  std::size_t fewest = SIZE_MAX, most = 0;
  std::int64_t gaps = 0, messages = 0;
  for (const auto& watcher : watchers) {
    const auto& lags = watcher->lags_us();
    all.insert(all.end(), lags.begin(), lags.end());
    fewest = std::min(fewest, lags.size());
    most = std::max(most, lags.size());
    gaps += watcher->gaps();
    messages += watcher->messages();
  }
  std::sort(all.begin(), all.end());
  const auto at = [&](double part) {
    return all.empty() ? 0 : all[static_cast<std::size_t>(part * double(all.size() - 1))];
  };
  fmt::print("events {} fewest {} most {} messages {} gaps {} p50_us {} p99_us {} max_us {}\n",
             all.size(), fewest, most, messages, gaps, at(0.5), at(0.99), at(1));
}

int Run(const std::vector<std::string>& words) {
  const std::string &address = words[0], &mode = words[1];
  Watched watched;
  Watchers watchers;
  if (mode == "builds") {
    watched.left = static_cast<int>(words.size()) - 2;
    for (std::size_t i = 2; i < words.size(); ++i) {
      v1::WatchBuildRequest request;
      request.set_id(std::stoll(words[i]));
      watchers.push_back(std::make_unique<Watcher>(
          watched, address, "/fft.build.v1.Builds/WatchBuild", request, true));
    }
  } else {
    v1::WatchEventsRequest request;
    if (words.size() > 3) request.set_start(true);
    const int count = std::stoi(words[2]);
    watched.unopened = watched.left = count;
    for (int i = 0; i < count; ++i)
      watchers.push_back(std::make_unique<Watcher>(
          watched, address, "/fft.build.v1.Catalog/WatchEvents", request, mode == "events"));
    AwaitZero(watched.unopened);
    fmt::print("open\n");
    std::fflush(stdout);
    if (mode == "events") AwaitLine("measure");
    watched.is_measuring = true;
    AwaitLine("end");
    watched.is_measuring = false;
    for (const auto& watcher : watchers) watcher->Cancel();
  }
  AwaitZero(watched.left);
  PrintSeen(watchers);
  return watched.failed > 0 ? 1 : 0;
}

}  // namespace
}  // namespace fft

int main(int count, char** words) {
  if (count < 4) return EXIT_FAILURE;
  return fft::Run({words + 1, words + count});
}
