#include "server/rpc/convert.h"

namespace fft {

namespace {

// 0001-01-01 to 9999-12-31, as protobuf has it.
constexpr std::int64_t kSecondsMin = -62'135'596'800;
constexpr std::int64_t kSecondsMax = 253'402'300'799;
constexpr std::int64_t kDurationSecondsMax = 366LL * 86'400;

}  // namespace

void ToProto(TimePoint at, google::protobuf::Timestamp* to) {
  const std::int64_t ms = ToMillis(at);
  const std::int64_t rest = ((ms % 1000) + 1000) % 1000;
  to->set_seconds((ms - rest) / 1000);
  to->set_nanos(static_cast<std::int32_t>(rest * 1'000'000));
}

TimePoint FromProto(const google::protobuf::Timestamp& from, std::string_view at, Fields* fields) {
  if (from.seconds() < kSecondsMin || from.seconds() > kSecondsMax || from.nanos() < 0 ||
      from.nanos() > 999'999'999) {
    fields->Add(std::string(at), "is no time");
    return {};
  }
  return FromMillis(from.seconds() * 1000 + from.nanos() / 1'000'000);
}

void ToProto(Duration duration, google::protobuf::Duration* to) {
  to->set_seconds(duration.count() / 1000);
  to->set_nanos(static_cast<std::int32_t>(duration.count() % 1000) * 1'000'000);
}

Duration FromProto(const google::protobuf::Duration& from, std::string_view at, Fields* fields) {
  if (from.seconds() < 0 || from.nanos() < 0 || from.nanos() > 999'999'999 ||
      from.seconds() > kDurationSecondsMax) {
    fields->Add(std::string(at), "is negative or longer than a year");
    return {};
  }
  return Duration(from.seconds() * 1000 + from.nanos() / 1'000'000);
}

std::string HexOrNone(const Digest& digest) { return digest ? ToHex(digest) : std::string(); }

std::string RawOrNone(const Digest& digest) {
  return digest ? std::string(digest.view()) : std::string();
}

}  // namespace fft
