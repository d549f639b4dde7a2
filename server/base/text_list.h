#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/text.h"

namespace fft {

/// Strings that are put together once and then read from first to last, of which a million lists
/// are kept: eight bytes and one block, nothing where there are none.
class TextList {
 public:
  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string_view*;
    using reference = std::string_view;

    const_iterator() = default;
    explicit const_iterator(std::string_view rest) : rest_(rest) { Read(); }
    reference operator*() const { return text_; }
    pointer operator->() const { return &text_; }
    const_iterator& operator++() {
      Read();
      return *this;
    }
    const_iterator operator++(int) {
      const const_iterator before = *this;
      Read();
      return before;
    }
    bool operator==(const const_iterator& other) const { return at_ == other.at_; }

   private:
    void Read();

    std::string_view rest_;  // behind this one
    std::string_view text_;
    const char* at_ = nullptr;  // where this one begins; null: behind the last
  };
  using iterator = const_iterator;
  using value_type = std::string_view;

  TextList() = default;
  TextList(const std::vector<std::string>& texts)  // NOLINT(google-explicit-constructor): it is one
      : bytes_(Joined(texts.begin(), texts.end())) {}
  TextList(std::initializer_list<std::string_view> texts)
      : bytes_(Joined(texts.begin(), texts.end())) {}

  const_iterator begin() const { return const_iterator(bytes_.view()); }
  const_iterator end() const { return {}; }
  bool empty() const { return bytes_.empty(); }
  /// Goes through all of them.
  std::size_t size() const { return static_cast<std::size_t>(std::distance(begin(), end())); }
  std::vector<std::string> vec() const { return {begin(), end()}; }
  bool operator==(const TextList&) const = default;

 private:
  static constexpr unsigned kMore = 128;  // set: another digit of the length follows

  template <class Iterator>
  static std::string Joined(Iterator text, Iterator end) {
    std::string bytes;
    for (; text != end; ++text) {
      std::size_t length = text->size();
      for (; length >= kMore; length /= kMore) bytes += static_cast<char>(length % kMore + kMore);
      (bytes += static_cast<char>(length)) += *text;
    }
    return bytes;
  }

  Text bytes_;  // of each: its length, seven bits a byte, then itself
};

inline void TextList::const_iterator::Read() {
  at_ = rest_.empty() ? nullptr : rest_.data();
  std::size_t length = 0;
  for (int shift = 0; !rest_.empty(); shift += 7) {
    const auto digit = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    length += static_cast<std::size_t>(digit % kMore) << shift;
    if (digit < kMore) break;
  }
  text_ = rest_.substr(0, length);
  rest_.remove_prefix(length);
}

}  // namespace fft
