#include "server/daemon/data_prober.h"

#include "server/domain/sql_task.h"

namespace fft {

StatusOr<std::vector<char>> DataProber::Exist(const std::vector<std::string>& uris) {
  std::vector<std::string> relations;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < uris.size(); ++i) {
    if (WarehouseOf(uris[i]).empty()) continue;
    relations.push_back(uris[i]);
    places.push_back(i);
  }
  if (relations.empty()) return files_.Exist(uris);
  const auto found = relations_.Exist(relations);
  if (!found.ok()) return found.status();
  std::vector<char> all(uris.size(), 0);
  if (relations.size() < uris.size()) all = *files_.Exist(uris);
  for (std::size_t i = 0; i < places.size(); ++i) all[places[i]] = (*found)[i];
  return all;
}

}  // namespace fft
