#pragma once

#include <memory>

namespace fft {

/// Makes a C library's free function the deleter of a unique_ptr.
template <auto free>
struct FreeWith {
  template <class T>
  void operator()(T* handle) const noexcept {
    free(handle);
  }
};

template <class T, auto free>
using Handle = std::unique_ptr<T, FreeWith<free>>;

}  // namespace fft
