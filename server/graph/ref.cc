#include <fmt/format.h>

#include "server/base/error_details.h"
#include "server/graph/compiled_graph.h"
#include "server/graph/text.h"

namespace fft {

namespace {

constexpr std::size_t kRefBytesMax = 1'024;

bool HasDotSegment(std::string_view ref) {
  for (std::size_t begin = 0; begin <= ref.size();) {
    const std::size_t end = std::min(ref.find('/', begin), ref.size());
    const std::string_view segment = ref.substr(begin, end - begin);
    if (segment == "." || segment == "..") return true;
    begin = end + 1;
  }
  return false;
}

Status BadRef(std::string_view ref, std::string_view what) {
  const std::string quoted = Quote(ref);
  return WithDetails(Error(Code::kInvalidArgument, "ref {}: {}", quoted, what),
                     {.reason = "BAD_REF",
                      .metadata = {{"ref", std::string(ref)}},
                      .fields = {{"ref", std::string(what)}}});
}

}  // namespace

Status CheckRef(std::string_view ref) {
  if (ref.empty()) return BadRef(ref, "is empty");
  if (ref.size() > kRefBytesMax)
    return BadRef(ref, fmt::format("has {} bytes, more than {}", ref.size(), kRefBytesMax));
  if (!IsText(ref)) return BadRef(ref, "is not UTF-8 without control characters");
  if (HasDotSegment(ref)) return BadRef(ref, "has a segment '.' or '..'");
  return Ok();
}

}  // namespace fft
