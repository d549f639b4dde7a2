#pragma once

#include <functional>

#include <absl/container/flat_hash_map.h>

namespace fft {

/// A hash map for millions: no block of memory for each element.  Elements move when it changes,
/// and their order means nothing.
template <class Key, class Value>
using FlatMap = absl::flat_hash_map<Key, Value, std::hash<Key>, std::equal_to<Key>>;

}  // namespace fft
