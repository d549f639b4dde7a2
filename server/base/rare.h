#pragma once

#include <memory>
#include <utility>

namespace fft {

/// A value that most of very many owners do not have: eight bytes, and what it takes where there is
/// one.  None is as good as T{}.
template <class T>
class Rare {
 public:
  Rare() = default;
  Rare(T value) { *this = std::move(value); }  // NOLINT(google-explicit-constructor): it is a T
  Rare(const Rare& other)
      : value_(other.value_ == nullptr ? nullptr : std::make_unique<T>(*other.value_)) {}
  Rare(Rare&&) noexcept = default;
  Rare& operator=(const Rare& other) { return *this = Rare(other); }
  Rare& operator=(Rare&&) noexcept = default;
  Rare& operator=(T value) {
    if (value == T{})
      value_.reset();
    else if (value_ == nullptr)
      value_ = std::make_unique<T>(std::move(value));
    else
      *value_ = std::move(value);
    return *this;
  }
  ~Rare() = default;

  const T& operator*() const {
    static const T kNone;
    return value_ == nullptr ? kNone : *value_;
  }
  const T* operator->() const { return &**this; }
  /// To change in place; made where nothing is.
  T& Make() {
    if (value_ == nullptr) value_ = std::make_unique<T>();
    return *value_;
  }
  /// To change in place what is there; null where nothing is.
  T* get() { return value_.get(); }
  template <class Field>
  void Set(Field T::*field, Field value) {
    T changed = **this;
    changed.*field = std::move(value);
    *this = std::move(changed);
  }
  bool operator==(const Rare& other) const { return **this == *other; }

 private:
  std::unique_ptr<T> value_;
};

}  // namespace fft
