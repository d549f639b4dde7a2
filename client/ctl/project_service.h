#pragma once

#include <string>

#include "client/ctl/session.h"
#include "client/frontends/fastflowtransform/graph.h"
#include "client/frontends/fastflowtransform/project.h"
#include "client/sql/warehouse.h"
#include "fft/build/v1/graphs.pb.h"

namespace fft {

// What the commands of projects share.

/// The process's environment, and over it what the command line says.
Variables EnvironmentOf(const ProjectArguments& arguments);

/// Where our Python packages are: beside the programs.
std::string Packages();

/// The warehouse, once we were let in: what is wrong with a connection is told before anything is
/// sent, and nobody else's build gets a password that does not work.
StatusOr<sql::Warehouse> FindWarehouse(const FftProject& project);

/// A schema of a warehouse, in the service's words.
FftPlace PlaceIn(const sql::Warehouse& warehouse, const std::string& schema);

/// Sends what the service lacks of a graph, its secrets and that of its warehouse.
StatusOr<build::v1::Graph> Deploy(const Session& session, const sql::Warehouse& warehouse,
                                  FftGraph graph);

/// `fftctl utest`.
int RunUnitTests(const Session& session, const ProjectArguments& arguments);

}  // namespace fft
