#pragma once

#include <string>

#include "client/ctl/session.h"
#include "client/frontends/fastflowtransform/graph.h"
#include "client/frontends/fastflowtransform/project.h"
#include "client/sql/session.h"
#include "client/sql/warehouse.h"
#include "fft/build/v1/graphs.pb.h"

namespace fft {

// What the commands of projects share.

/// The project as it is chosen, and else as `request` says; its warnings are told.
StatusOr<FftProject> LoadProject(const Session& session, const ProjectChoice& choice,
                                 ProjectRequest request = {});

/// A warehouse that let us in.
struct OpenWarehouse {
  sql::Warehouse at;
  sql::Session session;
};
/// The project's.  What is wrong with a connection is told before anything is sent, and nobody
/// else's build gets a password that does not work.
StatusOr<OpenWarehouse> EnterWarehouse(const FftProject& project);

/// A schema of a warehouse, in the service's words.
FftPlace PlaceIn(const sql::Warehouse& warehouse, const std::string& schema);

/// Sends what the service lacks of a graph but its spec: files, texts, its secrets and that of its
/// warehouse.
Status SendParts(const Session& session, const sql::Warehouse& warehouse, const FftGraph& graph);
StatusOr<build::v1::Graph> Deploy(const Session& session, build::v1::GraphSpec spec);

}  // namespace fft
