#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "fft/build/v1/types.pb.h"
#include "server/base/status.h"
#include "server/base/time.h"

namespace fft {

// Values as people read them.  All pure.

/// `executing`, `succeeded`: the name in the API without its kind.
std::string StateName(build::v1::BuildState state);
std::string StateName(build::v1::NodeState state);
std::string StateName(build::v1::PartitionState state);
std::string OutcomeName(build::v1::Outcome outcome);

/// `2.1 s`, `3 min 20 s`, `340 ms`.
std::string FormatDuration(Duration length);

/// `42 s of compute; saved 3 min 20 s by the cache, 2 s by joining`; empty when there is nothing.
std::string FormatAccounts(const build::v1::Accounts& accounts);
/// `1.2 MiB`; `-` when negative.
std::string FormatBytes(std::int64_t bytes);
/// `2024-05-01 12:00:01` in the local time zone; `-` when unset.
std::string FormatTime(const google::protobuf::Timestamp& time);
TimePoint ToTimePoint(const google::protobuf::Timestamp& time);
/// `1 job`, `2 jobs`.
std::string Count(std::int64_t count, std::string_view noun);
/// `weather/daily/Seattle/2012-01-01 +3`: the first and how many more.
std::string FormatOutputs(const google::protobuf::RepeatedPtrField<std::string>& outputs);
/// The first `lines_max` lines, each behind `indent` and cut at 200 bytes; says how many were left
/// out.
std::string FirstLines(std::string_view text, std::size_t lines_max, std::string_view indent);

/// Rows with columns aligned to the left, two blanks between; the first row is the head.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

/// An error on one line, for programs: code, message, reason, metadata, fields.
std::string ErrorJson(const Status& status);

/// The message on one line, by protobuf's JSON mapping; fields that are zero are printed too.
std::string ToJson(const google::protobuf::Message& message);

}  // namespace fft
