#include "server/domain/place.h"

namespace fft {

std::string RootOf(const GraphSpec& spec, const std::string& ns) {
  const std::string& own = spec.default_namespace.empty() ? spec.name : spec.default_namespace;
  if (ns == own || !spec.root_uri.starts_with("file://")) return spec.root_uri;
  return spec.root_uri + "/.fft/namespace=" + ns;
}

std::string UriOf(const Partition& partition, const std::string& root) {
  return partition.live.uri.empty() ? root + "/" + partition.ref.str() : partition.live.uri.str();
}

}  // namespace fft
