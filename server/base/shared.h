#pragma once

#include <initializer_list>
#include <memory>
#include <utility>

namespace fft {

/// A container that many have alike and nobody changes: copies share it, and nothing is there where
/// it is empty.
template <class T>
class Shared {
 public:
  Shared() = default;
  Shared(T value) {  // NOLINT(google-explicit-constructor): it is a T
    if (!value.empty()) value_ = std::make_shared<const T>(std::move(value));
  }
  Shared(std::initializer_list<typename T::value_type> elements) : Shared(T(elements)) {}

  const T& operator*() const {
    static const T kNone;
    return value_ == nullptr ? kNone : *value_;
  }
  const T* operator->() const { return &**this; }
  auto begin() const { return (**this).begin(); }
  auto end() const { return (**this).end(); }
  bool empty() const { return value_ == nullptr; }
  bool operator==(const Shared& other) const { return value_ == other.value_ || **this == *other; }
  /// From here on one for both, where they are equal.
  void ShareWith(const Shared& other) {
    if (*this == other) value_ = other.value_;
  }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace fft
