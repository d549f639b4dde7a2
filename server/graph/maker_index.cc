#include "server/graph/maker_index.h"

namespace fft {

bool MakerIndex::AddExact(const std::string& ref, Maker maker, Maker* other) {
  const auto [at, is_new] = exact_.try_emplace(ref, maker);
  *other = at->second;
  return is_new;
}

void MakerIndex::AddPattern(std::string_view literal_prefix, Candidate candidate) {
  std::uint32_t branch = 0;
  // Only whole segments lead on: what follows the last `/` is the beginning of a segment.
  for (std::size_t end = literal_prefix.find('/'); end != std::string_view::npos;
       end = literal_prefix.find('/')) {
    const auto fresh = static_cast<std::uint32_t>(branches_.size());
    const auto [at, is_new] =
        branches_[branch].next.try_emplace(std::string(literal_prefix.substr(0, end)), fresh);
    branch = at->second;
    if (is_new) branches_.emplace_back();
    literal_prefix.remove_prefix(end + 1);
  }
  branches_[branch].patterns.push_back(candidate);
}

const Maker* MakerIndex::FindExact(std::string_view ref) const {
  const auto found = exact_.find(ref);
  return found == exact_.end() ? nullptr : &found->second;
}

void MakerIndex::FindPatterns(std::string_view ref, std::vector<Candidate>* candidates) const {
  std::uint32_t branch = 0;
  while (true) {
    const Branch& at = branches_[branch];
    candidates->insert(candidates->end(), at.patterns.begin(), at.patterns.end());
    const std::size_t end = ref.find('/');
    if (end == std::string_view::npos) return;
    const auto next = at.next.find(ref.substr(0, end));
    if (next == at.next.end()) return;
    branch = next->second;
    ref.remove_prefix(end + 1);
  }
}

}  // namespace fft
