#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

namespace fft::pg {

/// The rows of `rows` with those that `key` finds equal reduced to the last of them, in the order
/// of their first appearance.  Points into `rows`.
template <class T, class Key>
std::vector<const T*> LaterWins(const std::vector<T>& rows, Key key) {
  std::vector<const T*> kept;
  kept.reserve(rows.size());
  std::unordered_map<decltype(key(rows.front())), std::size_t> places;
  places.reserve(rows.size());
  for (const T& row : rows) {
    const auto [at, is_new] = places.try_emplace(key(row), kept.size());
    if (is_new)
      kept.push_back(&row);
    else
      kept[at->second] = &row;
  }
  return kept;
}

}  // namespace fft::pg
