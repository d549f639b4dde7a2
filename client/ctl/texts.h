#pragma once

#include <string>
#include <vector>

#include "fft/build/v1/catalog.pb.h"
#include "fft/build/v1/nodes.pb.h"
#include "fft/build/v1/types.pb.h"

namespace fft {

// Answers of the daemon as people read them.  All pure; every text ends with a line feed.

std::string BuildText(const build::v1::Build& build);
std::string BuildsText(const std::vector<build::v1::Build>& builds);
std::string NodesText(const std::vector<build::v1::Node>& nodes);
/// What a build would run, with what proves it.
std::string StaleText(const std::vector<build::v1::Node>& nodes);
/// The conclusion, the evidence, the run that proves it.
std::string ExplainText(const build::v1::ExplainNodeResponse& explained);
std::string PartitionsText(const std::vector<build::v1::Partition>& partitions);
/// A partition with its materialisations, newest first.
std::string PartitionText(const build::v1::Partition& partition,
                          const std::vector<build::v1::Materialisation>& past);
std::string LineageText(const std::vector<build::v1::LineageStep>& steps);
/// One event as one line, with at most three of the nodes that it concerns.
std::string EventText(const build::v1::Event& event);

}  // namespace fft
