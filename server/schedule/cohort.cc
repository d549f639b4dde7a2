#include "server/schedule/cohort.h"

#include "server/schedule/pending.h"

namespace fft {

const BuildOptions& Cohort::options() const { return members.front()->row.options; }
BuildId Cohort::id() const { return members.front()->row.id; }

bool GoesAlike(const Build& a, const Build& b) {
  BuildOptions options = a.options;
  options.deadline = b.options.deadline;
  return options == b.options && a.ns == b.ns && a.graph == b.graph && a.revision == b.revision;
}

}  // namespace fft
