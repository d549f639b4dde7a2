#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "server/base/digest.h"
#include "server/domain/build.h"

namespace fft {

/// Which request ids stand for which builds: those of open builds and of the last that ended. Older
/// ones are known to the store.  A plain container, part of the schedule.
class RequestIds {
 public:
  struct Known {
    BuildId build;
    Digest digest;  // of the request's body
  };

  /// Null: nobody used this id, or none was given.
  const Known* Find(const Build& request) const {
    const auto at = ids_.find({request.principal, request.request_id});
    return request.request_id.empty() || at == ids_.end() ? nullptr : &at->second;
  }
  void Opened(const Build& build) {
    if (!build.request_id.empty())
      ids_[{build.principal, build.request_id}] = {build.id, build.request_digest};
  }
  void Ended(const Build& build) {
    if (build.request_id.empty()) return;
    ended_.emplace_back(build.principal, build.request_id);
    for (; ended_.size() > kEndedMax; ended_.pop_front()) ids_.erase(ended_.front());
  }

 private:
  static constexpr std::size_t kEndedMax = 10'000;
  using Key = std::pair<std::string, std::string>;  // principal, request id

  std::map<Key, Known> ids_;
  std::deque<Key> ended_;
};

}  // namespace fft
