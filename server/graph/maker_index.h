#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "server/graph/compiled_graph.h"

namespace fft {

/// A hash for looking up strings by a view of them.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Finds who may make a ref: exact refs by hash, patterns by the literal segments they begin with,
/// so that thousands of jobs cost a lookup no more than a few.
class MakerIndex {
 public:
  struct Candidate {
    std::uint32_t job = 0;
    std::uint32_t pattern = 0;  // place in the job's outputs
  };

  /// False when the ref is taken; `other` is then its maker.
  bool AddExact(const std::string& ref, Maker maker, Maker* other);
  void AddPattern(std::string_view literal_prefix, Candidate candidate);

  const Maker* FindExact(std::string_view ref) const;
  /// Appends those whose literal segments `ref` begins with; they need not match.
  void FindPatterns(std::string_view ref, std::vector<Candidate>* candidates) const;

 private:
  struct Branch {
    TextMap<std::uint32_t> next;  // by literal segment
    std::vector<Candidate> patterns;
  };
  TextMap<Maker> exact_;
  std::vector<Branch> branches_{1};
};

}  // namespace fft
