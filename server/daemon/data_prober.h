#pragma once

#include <string>
#include <vector>

#include "server/daemon/file_prober.h"
#include "server/store/warehouse_prober.h"

namespace fft {

/// Looks at data where its URI says that it is: files, or relations of a warehouse.  Safe from any
/// thread.
class DataProber final : public Prober {
 public:
  DataProber(const Clock& clock, WarehouseProber::ConnectionOf connection_of)
      : files_(clock), relations_(std::move(connection_of)) {}

  StatusOr<std::vector<char>> Exist(const std::vector<std::string>& uris) override;
  /// Of files alone.
  StatusOr<Digest> Content(const std::string& uri, std::int64_t* bytes) override {
    return files_.Content(uri, bytes);
  }
  TimePoint ChangedAt(const std::string& uri) override { return files_.ChangedAt(uri); }

 private:
  FileProber files_;
  WarehouseProber relations_;
};

}  // namespace fft
