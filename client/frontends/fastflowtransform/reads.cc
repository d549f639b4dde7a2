#include "client/frontends/fastflowtransform/reads.h"

namespace fft {

namespace {

void Add(const FftModel& model, const FftModelsByName& models, FftReads* reads) {
  reads->seeds.insert(model.seeds.begin(), model.seeds.end());
  reads->sources.insert(model.sources.begin(), model.sources.end());
  for (const std::string& dep : model.deps) {
    const FftModel& read = *models.at(dep);
    if (read.is_inlined())
      Add(read, models, reads);
    else
      reads->models.emplace(read.relation, &read);
  }
}

}  // namespace

FftModelsByName ByName(const FftProject& project) {
  FftModelsByName models;
  for (const FftModel& model : project.models) models.emplace(model.name, &model);
  return models;
}

FftReads ReadsOf(const FftModel& model, const FftModelsByName& models) {
  FftReads reads;
  Add(model, models, &reads);
  return reads;
}

}  // namespace fft
