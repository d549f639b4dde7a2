#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace fft {

/// A value that many have alike and nobody changes: copies share it, and nothing is there where it
/// is T{}.
template <class T>
class Shared {
 public:
  Shared() = default;
  Shared(T value) {  // NOLINT(google-explicit-constructor): it is a T
    if (!(value == T{})) value_ = std::make_shared<const T>(std::move(value));
  }

  const T& operator*() const {
    static const T kNone;
    return value_ == nullptr ? kNone : *value_;
  }
  const T* operator->() const { return &**this; }
  bool operator==(const Shared& other) const { return value_ == other.value_ || **this == *other; }
  /// Others keep what they have.
  template <class Field>
  void Set(Field T::*field, std::type_identity_t<Field> value) {
    T changed = **this;
    changed.*field = std::move(value);
    *this = Shared(std::move(changed));
  }
  /// From here on one for both, where they are equal.
  void ShareWith(const Shared& other) {
    if (*this == other) value_ = other.value_;
  }

 private:
  std::shared_ptr<const T> value_;
};

}  // namespace fft
