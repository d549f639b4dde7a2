#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <fft/build/v1/admin.pb.h>
#include <fft/build/v1/builds.pb.h>
#include <fft/build/v1/graphs.pb.h>
#include <fft/build/v1/types.pb.h>
#include <fft/build/v1/workers.pb.h>

#include "server/app/service.h"
#include "server/rpc/fields.h"

/// Between messages and values, both ways.  ToProto() fills a fresh message and cannot fail.
/// FromProto() checks all that the contract says of form and tells `fields` what is wrong, under
/// the name `at` of the message; its result is only good when `fields` is.
namespace fft {

namespace v1 = ::fft::build::v1;

/// How many of a build's targets and a node's outputs are told in lists and events; one alone is
/// told whole.
enum class Detail { kShort, kWhole };
inline constexpr std::size_t kShortTargets = 100;
inline constexpr std::size_t kShortOutputs = 20;

// Values.  A zero time stays unset.
void ToProto(TimePoint at, google::protobuf::Timestamp* to);
TimePoint FromProto(const google::protobuf::Timestamp& from, std::string_view at, Fields* fields);
void ToProto(Duration duration, google::protobuf::Duration* to);
Duration FromProto(const google::protobuf::Duration& from, std::string_view at, Fields* fields);
std::string HexOrNone(const Digest& digest);
/// Empty for zeros.
std::string RawOrNone(const Digest& digest);

// Builds.
v1::BuildState ToProto(BuildState state);
void ToProto(const BuildOptions& options, v1::BuildOptions* to);
BuildOptions FromProto(const v1::BuildOptions& from, std::string_view at, Fields* fields);
void ToProto(const Build& build, Detail detail, v1::Build* to);
void ToProto(const CancelResult& result, v1::CancelBuildResponse* to);
BuildRequest FromProto(const v1::CreateBuildRequest& from, const std::string& principal,
                       std::string_view at, Fields* fields);

// Nodes.  `build`: the one that sees it so, or none.
v1::NodeState ToProto(NodeState state);
void ToProto(const NodeInBuild& node, BuildId build, Detail detail, v1::Node* to);
void ToProto(const PlannedNode& node, const std::string& ns, v1::Node* to);
void ToProto(const PlannedHit& hit, const std::string& ns, v1::Node* to);

// Runs.
void ToProto(const RunRecord& record, v1::Run* to);
/// What the run read: `config` names the inputs whose runs and identities the lease holds.
void AddInputs(const Lease& lease, const JobConfig& config, v1::Run* to);
void ToProto(const OutputReport& report, v1::OutputReport* to);
OutputReport FromProto(const v1::OutputReport& from, std::string_view at, Fields* fields);

// Graphs.
void ToProto(const GraphSpec& spec, v1::GraphSpec* to);
GraphSpec FromProto(const v1::GraphSpec& from, std::string_view at, Fields* fields);
void ToProto(const GraphRevision& revision, Detail detail, v1::Graph* to);
void ToProto(const RunLimits& limits, v1::RunLimits* to);
RunLimits FromProto(const v1::RunLimits& from, std::string_view at, Fields* fields);
void ToProto(const JobConfig& config, v1::JobConfig* to);
void ToProto(const FrozenFile& file, v1::FrozenFile* to);

// The catalog.
void ToProto(const Partition& partition, const std::string& ns, v1::Partition* to);
void ToProto(const PartitionNow& now, const std::string& ns, build::v1::Partition* to);
void ToProto(const Materialisation& materialisation, v1::Materialisation* to);

// Events.
void ToProto(const NodeChange& change, bool is_attachment, std::size_t outputs_max,
             v1::NodeChange* to);
/// `refs`: of the partitions it names, parallel to them.
void ToProto(const Event& event, const std::vector<std::string>& refs, v1::Event* to);

// Workers.
WorkerHello FromProto(const v1::WorkerHello& from, std::string_view at, Fields* fields);
RunReport FromProto(const v1::RunReport& from, std::string_view at, Fields* fields);
void ToProto(const WorkerWelcome& welcome, v1::DaemonMessage* to);
void ToProto(const Grant& grant, v1::Grant* to);
void ToProto(const WorkerView& view, v1::Worker* to);
void ToProto(const PoolView& view, v1::Pool* to);
void ToProto(const ServiceView& view, v1::ServiceStatus* to);

}  // namespace fft
