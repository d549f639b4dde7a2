#include "client/frontends/fastflowtransform/selection.h"

#include <algorithm>
#include <map>

#include <fnmatch.h>
#include <nlohmann/json.hpp>

#include "client/frontends/yaml/json_texts.h"

namespace fft {

namespace {

using Names = std::set<std::string>;

std::vector<std::string> TokensOf(const std::string& selector) {
  std::vector<std::string> tokens;
  std::string token;
  for (const char c : selector + " ") {
    const bool is_end = c == ',' || c == ' ' || c == '\t';
    if (!is_end) token += c;
    if (is_end && !token.empty()) tokens.push_back(std::exchange(token, {}));
  }
  return tokens;
}

bool HasTag(const FftModel& model, const std::string& tag) {
  const std::vector<std::string> tags = TagsOf(model);
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

class Selector {
 public:
  Selector(const FftProject& project, const SelectionPast& past) : project_(project), past_(past) {
    for (const FftModel& model : project.models)
      for (const std::string& dep : model.deps) readers_[dep].insert(model.name);
  }

  StatusOr<Names> Select(const std::string& selector) const {
    Names selected;
    for (const FftModel& model : project_.models) selected.insert(model.name);
    for (const std::string& token : TokensOf(selector)) {
      const auto those = Those(token);
      if (!those.ok()) return those.status();
      std::erase_if(selected, [&](const std::string& name) { return !those->contains(name); });
    }
    if (selected.empty())
      return Error(Code::kInvalidArgument, "'{}' selects no model of {}", selector,
                   project_.settings.name);
    return selected;
  }

  Names WithUpstreams(Names names) const {
    for (auto model = project_.models.rbegin(); model != project_.models.rend(); ++model)
      if (names.contains(model->name)) names.insert(model->deps.begin(), model->deps.end());
    return names;
  }

  Names WithDownstreams(Names names) const {
    for (const FftModel& model : project_.models)  // upstreams come first
      if (names.contains(model.name))
        if (const auto readers = readers_.find(model.name); readers != readers_.end())
          names.insert(readers->second.begin(), readers->second.end());
    return names;
  }

 private:
  template <class Is>
  Names All(Is is) const {
    Names names;
    for (const FftModel& model : project_.models)
      if (is(model)) names.insert(model.name);
    return names;
  }

  StatusOr<Names> Those(const std::string& token) const {
    const std::size_t colon = token.find(':');
    const std::string key = token.substr(0, colon);
    if (colon == std::string::npos)
      return All([&](const FftModel& model) {
        return MatchesGlob(token, model.name) || MatchesGlob(token, model.relation);
      });
    const std::string value = token.substr(colon + 1);
    if (key == "tag") return All([&](const FftModel& model) { return HasTag(model, value); });
    if (key == "type")
      return All([&](const FftModel& model) { return model.materialized == value; });
    if (key == "kind" && (value == "python" || value == "sql"))
      return All([&](const FftModel& model) { return model.is_python == (value == "python"); });
    if (key == "result" && (value == "error" || value == "success"))
      return All([&](const FftModel& model) {
        return past_.failed.contains(model.name) == (value == "error");
      });
    if (key == "state" && value == "modified") return past_.modified;
    if (key == "state" && value == "modified+") return WithDownstreams(past_.modified);
    return Error(Code::kInvalidArgument,
                 "'{}' is no selection: it is a glob, tag:T, type:M, kind:sql, kind:python, "
                 "result:error, result:success, state:modified or state:modified+",
                 token);
  }

  const FftProject& project_;
  const SelectionPast& past_;
  std::map<std::string, Names> readers_;
};

}  // namespace

bool MatchesGlob(const std::string& glob, const std::string& name) {
  return ::fnmatch(glob.c_str(), name.c_str(), 0) == 0;
}

bool AsksForPast(const std::vector<std::string>& selects,
                 const std::vector<std::string>& excludes) {
  const auto asks = [](const std::string& selector) {
    return selector.find("result:") != std::string::npos ||
           selector.find("state:") != std::string::npos;
  };
  return std::any_of(selects.begin(), selects.end(), asks) ||
         std::any_of(excludes.begin(), excludes.end(), asks);
}

std::vector<std::string> TagsOf(const FftModel& model) {
  const auto config = nlohmann::json::parse(model.config);
  return TextsIn(config.value("tags", nlohmann::json()));
}

StatusOr<std::set<std::string>> SelectModels(const FftProject& project,
                                             const std::vector<std::string>& selects,
                                             const std::vector<std::string>& excludes,
                                             const SelectionPast& past) {
  const Selector selector(project, past);
  Names selected;
  for (const std::string& text : selects.empty() ? std::vector<std::string>{"*"} : selects) {
    const auto those = selector.Select(text);
    if (!those.ok()) return those.status();
    selected.insert(those->begin(), those->end());
  }
  selected = selector.WithUpstreams(std::move(selected));
  for (const std::string& text : excludes) {
    const auto those = selector.Select(text);
    if (!those.ok()) return those.status();
    for (const std::string& name : selector.WithDownstreams(*those)) selected.erase(name);
  }
  return selected;
}

}  // namespace fft
