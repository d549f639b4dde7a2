#pragma once

#include <cstdint>

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include "fft/build/v1/workers.pb.h"
#include "server/base/time.h"

namespace fft {

inline constexpr std::int64_t kStdoutBytesMax = 3 << 20;  // of a configure run

inline google::protobuf::Timestamp ToTimestamp(std::int64_t ms) {
  google::protobuf::Timestamp time;
  time.set_seconds(ms / 1000);
  time.set_nanos(static_cast<std::int32_t>(ms % 1000) * 1'000'000);
  return time;
}

inline Duration ToDuration(const google::protobuf::Duration& d) {
  return Duration(d.seconds() * 1000 + d.nanos() / 1'000'000);
}

/// The time limit of a run: its own, or an hour; a minute for a configure run.
inline Duration WallMax(const build::v1::Grant& grant) {
  if (grant.limits().has_wall_max()) return ToDuration(grant.limits().wall_max());
  return grant.configure() ? Duration(60'000) : Duration(3'600'000);
}

inline Duration KillAfter(const build::v1::Grant& grant) {
  return grant.limits().has_kill_after() ? ToDuration(grant.limits().kill_after())
                                         : Duration(10'000);
}

}  // namespace fft
