#pragma once

#include <string>

#include <fft/build/v1/catalog.pb.h>

#include "server/rpc/watch.h"

namespace fft {

/// Catalog.WatchEvents.
class WatchLog final : public Watch {
 public:
  WatchLog(Gate& gate, const build::v1::WatchEventsRequest& request);

 private:
  void Prepare() override;
  void Dropped(const Status& status) override;

  const build::v1::WatchEventsRequest request_;
  const bool is_from_start_;
};

}  // namespace fft
