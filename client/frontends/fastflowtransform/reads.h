#pragma once

#include <map>
#include <set>
#include <string>

#include "client/frontends/fastflowtransform/project.h"

namespace fft {

/// What the text of a model reads, with that of the ephemeral models in it.
struct FftReads {
  std::map<std::string, const FftModel*> models;  // by relation; that leave one
  std::set<std::string> seeds;                    // whose content counts, in whatever schema
  std::set<SourceRelation> sources;               // that templates name
};

using FftModelsByName = std::map<std::string, const FftModel*>;
FftModelsByName ByName(const FftProject& project);

FftReads ReadsOf(const FftModel& model, const FftModelsByName& models);

}  // namespace fft
