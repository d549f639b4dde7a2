#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/status.h"
#include "server/graph/compiled_graph.h"

namespace fft {

inline constexpr std::size_t kTargetRefsMax = 200'000;

/// Calls back with every ref the catalog knows, in any order.  Asked only when a target is a glob.
using KnownRefs = std::function<void(const std::function<void(std::string_view)>& visit)>;

/// The refs that targets stand for, sorted, none twice.  A target is
///   a ref      `weather/daily/Seattle/2012-01-01`
///   a range    `weather/daily/Seattle/2012-01-01..2012-12-31`, in any segment; days (YYYY-MM-DD or
///              YYYYMMDD), months (YYYY-MM) or years (YYYY), both ends included
///   a glob     `weather/daily/*/2012-01-0?`: `*` any run of characters, `?` one; over the graph's
///              sources and those known refs that the graph still makes.  May hold ranges.
///   INVALID_ARGUMENT    BAD_REF, BAD_RANGE; NO_MATCH: a glob that matches nothing is named
///   RESOURCE_EXHAUSTED  TOO_MANY_TARGETS: more than 200,000 refs
StatusOr<std::vector<std::string>> ExpandTargets(const CompiledGraph& graph,
                                                 const std::vector<std::string>& targets,
                                                 const KnownRefs& known_refs);

}  // namespace fft
