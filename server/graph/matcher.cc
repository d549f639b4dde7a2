#include "server/graph/matcher.h"

#include <algorithm>
#include <utility>

namespace fft {

std::uint32_t Matcher::Emit(Instruction instruction) {
  if (!is_too_large()) program_.push_back(instruction);
  return here() - 1;
}

void Matcher::AddByte(const ByteSet& set) {
  const auto at = std::find(sets_.begin(), sets_.end(), set);
  const auto place = static_cast<std::uint32_t>(at - sets_.begin());
  if (at == sets_.end()) sets_.push_back(set);
  Emit({.op = Op::kByte, .set = place});
}

void Matcher::AddLiteral(std::string_view text) {
  for (const char c : text) {
    ByteSet set;
    set.set(static_cast<unsigned char>(c));
    AddByte(set);
  }
}

void Matcher::AddRun(const ByteSet& set) {
  const std::uint32_t begin = here();
  AddByte(set);
  Emit({.op = Op::kSplit, .x = begin, .y = here() + 1});
}

void Matcher::BeginCapture() { Emit({.op = Op::kSave, .x = 2 * captures_}); }

void Matcher::EndCapture() {
  Emit({.op = Op::kSave, .x = 2 * captures_ + 1});
  ++captures_;
}

/// One pass over one text: the threads of the machine, in order of preference.
class Matcher::Run {
 public:
  explicit Run(const Matcher& matcher)
      : matcher_(matcher),
        slots_(2 * matcher.captures_),
        now_(matcher.program_.size() + 1, slots_),
        next_(matcher.program_.size() + 1, slots_),
        saved_(slots_, 0) {}

  bool Match(std::string_view text) {
    Follow(now_, 0, 0);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (now_.places.empty()) return false;
      Step(static_cast<unsigned char>(text[at]), at);
    }
    if (!now_.Has(end())) return false;
    const std::size_t* const found = now_.Slots(end());
    std::copy(found, found + slots_, saved_.begin());
    return true;
  }

  std::size_t slot(std::size_t i) const { return saved_[i]; }

 private:
  // The set of places where threads stand (Briggs and Torczon's sparse set), with their captures.
  struct Threads {
    Threads(std::size_t size, std::size_t slots)
        : rank(size, 0), captures(size * slots, 0), slots_each(slots) {}
    bool Has(std::uint32_t place) const {
      return rank[place] < places.size() && places[rank[place]] == place;
    }
    void Add(std::uint32_t place) {
      rank[place] = static_cast<std::uint32_t>(places.size());
      places.push_back(place);
    }
    std::size_t* Slots(std::uint32_t place) { return captures.data() + place * slots_each; }
    std::vector<std::uint32_t> places;
    std::vector<std::uint32_t> rank;
    std::vector<std::size_t> captures;
    std::size_t slots_each;
  };

  std::uint32_t end() const { return static_cast<std::uint32_t>(matcher_.program_.size()); }

  void Step(unsigned char byte, std::size_t at) {
    next_.places.clear();
    for (const std::uint32_t place : now_.places) {
      if (place == end()) continue;
      const Instruction& instruction = matcher_.program_[place];
      if (instruction.op != Op::kByte || !matcher_.sets_[instruction.set].test(byte)) continue;
      const std::size_t* const slots = now_.Slots(place);
      std::copy(slots, slots + slots_, saved_.begin());
      Follow(next_, place + 1, at + 1);
    }
    std::swap(now_, next_);
  }

  // Adds `place` and all that is reached from there without reading.  Its depth is bounded by
  // kProgramMax.
  void Follow(Threads& threads, std::uint32_t place, std::size_t at) {
    if (threads.Has(place)) return;
    threads.Add(place);
    std::copy(saved_.begin(), saved_.end(), threads.Slots(place));
    if (place == end()) return;
    const Instruction& instruction = matcher_.program_[place];
    if (instruction.op == Op::kJump) Follow(threads, instruction.x, at);
    if (instruction.op == Op::kSplit) {
      Follow(threads, instruction.x, at);
      Follow(threads, instruction.y, at);
    }
    if (instruction.op == Op::kSave) {
      const std::size_t before = std::exchange(saved_[instruction.x], at);
      Follow(threads, place + 1, at);
      saved_[instruction.x] = before;
    }
  }

  const Matcher& matcher_;
  std::size_t slots_;
  Threads now_, next_;
  std::vector<std::size_t> saved_;  // of the thread that is being followed
};

bool Matcher::Match(std::string_view text, std::vector<std::string_view>* captures) const {
  Run run(*this);
  if (!run.Match(text)) return false;
  captures->clear();
  for (std::uint32_t i = 0; i < captures_; ++i)
    captures->push_back(text.substr(run.slot(2 * i), run.slot(2 * i + 1) - run.slot(2 * i)));
  return true;
}

}  // namespace fft
