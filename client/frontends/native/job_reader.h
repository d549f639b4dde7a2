#pragma once

#include <yaml-cpp/yaml.h>

#include "client/frontends/native/frozen_files.h"
#include "fft/build/v1/graphs.pb.h"

namespace fft {

/// One entry of `jobs`.  `identity` is that of inputs that declare none.  Throws YamlError.
build::v1::JobSpec ReadJob(const YAML::Node& node, build::v1::Identity identity,
                           FrozenFiles& files);

}  // namespace fft
