#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "client/frontends/fastflowtransform/context.h"
#include "client/frontends/fastflowtransform/project.h"
#include "fft/build/v1/graphs.pb.h"
#include "server/base/digest.h"
#include "server/base/status.h"

namespace fft {

/// Where a project's relations are to be, in the service's words.
struct FftPlace {
  std::string ns;                  // HOST:PORT:DATABASE:SCHEMA
  std::string root_uri;            // postgresql://HOST:PORT/DATABASE/SCHEMA
  std::filesystem::path packages;  // our Python packages, which travel with Python models
};

/// Jobs of the service and what their files say.
struct FftGraph {
  build::v1::GraphSpec spec;
  std::map<Digest, std::string> texts;
  std::map<Digest, std::filesystem::path> files;
  std::map<std::string, std::string> secrets;  // by name
};

/// A job a model that leaves a relation; graph PROJECT.ENV.  INVALID_ARGUMENT names the file of a
/// model that this service can't take.
StatusOr<FftGraph> MakeModelGraph(const FftProject& project, const FftPlace& place);

/// A job a model and a job a seed: what ProjectOfCase() made.  One name for the cases of all, graph
/// PROJECT.ENV.utest: each is a revision of it.
/// `context`, gathered when a Python model first needs it, is the same for all.
StatusOr<FftGraph> MakeCaseGraph(const FftProject& project, const FftPlace& place,
                                 std::optional<FftContext>* context);

/// A job a seed that one of `globs` names, all without any; graph PROJECT.ENV.seeds.  Models look
/// at seeds as at data that others maintain: only who asks for them loads them.
StatusOr<FftGraph> MakeSeedGraph(const FftProject& project, const FftPlace& place,
                                 const std::vector<std::string>& globs = {});

}  // namespace fft
