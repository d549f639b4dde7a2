#include "client/frontends/fastflowtransform/ordering.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include <fmt/format.h>

namespace fft {

namespace {

using Places = std::map<std::string_view, std::size_t>;

Status CheckNames(const std::vector<FftModel>& models) {
  std::map<std::string_view, const FftModel*> names, relations;
  for (const FftModel& model : models)
    for (auto& [known, name] : {std::pair(&names, &model.name), {&relations, &model.relation}}) {
      const auto [at, is_new] = known->try_emplace(*name, &model);
      if (!is_new)
        return Error(Code::kInvalidArgument, "{}: {} is declared in {}, too", model.path, *name,
                     at->second->path);
    }
  return Ok();
}

Status CheckDeps(const std::vector<FftModel>& models, const Places& places) {
  std::string wrong;
  for (const FftModel& model : models)
    for (const std::string& dep : model.deps)
      if (!places.contains(dep))
        wrong += fmt::format("{}{}: {} depends on {}, which is no model and no seed",
                             wrong.empty() ? "" : "\n", model.path, model.name, dep);
  return wrong.empty() ? Ok() : Error(Code::kInvalidArgument, "{}", wrong);
}

/// One circle among the models that have no level, from its least name.
Status CircleAmong(const std::vector<FftModel>& models, const Places& places,
                   const std::vector<int>& left) {
  const auto has_no_level = [&](const std::string& dep) { return left[places.at(dep)] > 0; };
  std::size_t at = 0;
  while (left[at] == 0) ++at;
  std::vector<std::size_t> way;
  while (std::find(way.begin(), way.end(), at) == way.end()) {
    way.push_back(at);
    at = places.at(*std::find_if(models[at].deps.begin(), models[at].deps.end(), has_no_level));
  }
  way.erase(way.begin(), std::find(way.begin(), way.end(), at));
  std::rotate(way.begin(),
              std::min_element(way.begin(), way.end(),
                               [&](auto a, auto b) { return models[a].name < models[b].name; }),
              way.end());
  std::string text;
  for (const std::size_t place : way) text += models[place].name + " -> ";
  return Error(Code::kInvalidArgument, "{}: models go round in a circle: {}{}",
               models[way.front()].path, text, models[way.front()].name);
}

}  // namespace

Status OrderModels(std::vector<FftModel>& models) {
  if (Status names = CheckNames(models); !names.ok()) return names;
  Places places;
  for (std::size_t i = 0; i < models.size(); ++i) places[models[i].name] = i;
  if (Status deps = CheckDeps(models, places); !deps.ok()) return deps;
  std::vector<int> left(models.size(), 0);
  std::vector<std::vector<std::size_t>> readers(models.size());
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < models.size(); ++i) {
    left[i] = static_cast<int>(models[i].deps.size());
    if (left[i] == 0) ready.push_back(i);
    for (const std::string& dep : models[i].deps) readers[places.at(dep)].push_back(i);
  }
  for (std::size_t next = 0; next < ready.size(); ++next)
    for (const std::size_t reader : readers[ready[next]]) {
      models[reader].level = std::max(models[reader].level, models[ready[next]].level + 1);
      if (--left[reader] == 0) ready.push_back(reader);
    }
  if (ready.size() < models.size()) return CircleAmong(models, places, left);
  std::sort(models.begin(), models.end(), [](const FftModel& a, const FftModel& b) {
    return std::tie(a.level, a.name) < std::tie(b.level, b.name);
  });
  return Ok();
}

}  // namespace fft
