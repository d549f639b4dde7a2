#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

namespace fft {

/// A vector of what there is mostly one of, and of which hundreds of thousands are kept: one takes
/// no memory of its own.  Elements move as bytes.
template <class T>
class Few {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(void*));

 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  Few() = default;
  Few(std::initializer_list<T> elements) : Few(elements.begin(), elements.end()) {}
  template <class Iterator>
  Few(Iterator begin, Iterator end) {
    Reserve(static_cast<std::size_t>(std::distance(begin, end)));
    for (; begin != end; ++begin) push_back(*begin);
  }
  Few(const std::vector<T>& elements)  // NOLINT(google-explicit-constructor): it is one
      : Few(elements.begin(), elements.end()) {}
  Few(const Few& other) : Few(other.begin(), other.end()) {}
  Few(Few&& other) noexcept { Swap(other); }
  Few& operator=(Few other) noexcept {
    Swap(other);
    return *this;
  }
  ~Few() {
    if (!is_inside()) delete[] Outside();
  }

  std::vector<T> vec() const { return {begin(), end()}; }
  T* data() { return is_inside() ? reinterpret_cast<T*>(room_) : Outside(); }
  const T* data() const { return is_inside() ? reinterpret_cast<const T*>(room_) : Outside(); }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }
  T& front() { return *data(); }
  const T& front() const { return *data(); }
  T& back() { return data()[size_ - 1]; }
  const T& back() const { return data()[size_ - 1]; }

  void push_back(const T& element) {
    const T kept = element;  // it may be one of ours
    if (size_ == capacity_) Reserve(2 * std::size_t{capacity_});
    std::memcpy(static_cast<void*>(data() + size_), &kept, sizeof(T));
    ++size_;
  }
  void clear() { size_ = 0; }
  T* erase(const T* at) { return erase(at, at + 1); }
  T* erase(const T* from, const T* to) {
    T* const first = begin() + (from - begin());
    std::memmove(static_cast<void*>(first), to, static_cast<std::size_t>(end() - to) * sizeof(T));
    size_ -= static_cast<std::uint32_t>(to - from);
    return first;
  }
  bool operator==(const Few& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  bool is_inside() const { return capacity_ == kInside; }
  T* Outside() const {
    T* outside = nullptr;
    std::memcpy(&outside, room_, sizeof outside);
    return outside;
  }
  void Reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    T* const bigger = new T[capacity];
    std::copy(begin(), end(), bigger);
    if (!is_inside()) delete[] Outside();
    std::memcpy(room_, &bigger, sizeof bigger);
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void Swap(Few& other) noexcept {
    std::swap(room_, other.room_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  static constexpr std::uint32_t kInside = 1;
  alignas(T*) std::byte room_[std::max(sizeof(T), sizeof(T*))] = {};
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kInside;
};

/// Like std::erase_if.
template <class T, class Predicate>
std::size_t erase_if(Few<T>& few, Predicate predicate) {
  T* const end = std::remove_if(few.begin(), few.end(), predicate);
  const auto count = static_cast<std::size_t>(few.end() - end);
  few.erase(end, few.end());
  return count;
}

/// Like std::erase.
template <class T>
std::size_t erase(Few<T>& few, const std::type_identity_t<T>& element) {
  return erase_if(few, [&](const T& each) { return each == element; });
}

}  // namespace fft
