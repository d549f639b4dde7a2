#pragma once

#include <set>
#include <string>
#include <vector>

#include "client/frontends/fastflowtransform/project.h"
#include "server/base/status.h"

namespace fft {

/// What earlier runs left, for `result:` and `state:`.
struct SelectionPast {
  std::set<std::string> failed;    // names of models whose last run failed
  std::set<std::string> modified;  // names of models whose own text is not what it was
};

/// The tags of a model, which its config tells as a text or a list.
std::vector<std::string> TagsOf(const FftModel& model);

/// The names of the models that `selects` and `excludes` leave, with the upstreams of what is
/// selected.  A selector is one or more tokens, parted by blanks or commas, that must all hold:
///
///   GLOB         over the name or the relation
///   tag:X  type:view  kind:python  result:error  result:success  state:modified  state:modified+
///
/// Several selectors add up; none at all is everything.  What is excluded takes its downstreams
/// along.  INVALID_ARGUMENT names a token that is none of these, or that selects nothing.
StatusOr<std::set<std::string>> SelectModels(const FftProject& project,
                                             const std::vector<std::string>& selects,
                                             const std::vector<std::string>& excludes,
                                             const SelectionPast& past);

/// Whether SelectModels() looks at the past.
bool AsksForPast(const std::vector<std::string>& selects, const std::vector<std::string>& excludes);

/// A glob over a name, as selectors have it.
bool MatchesGlob(const std::string& glob, const std::string& name);

}  // namespace fft
