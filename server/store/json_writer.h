#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/base/digest.h"

namespace fft {

/// Writes JSON (RFC 8259) straight into a string: every new node's config goes through here, and a
/// tree of values would cost several times as much.  Text must be clean UTF-8; see pg::CleanText().
class JsonWriter {
 public:
  JsonWriter& Begin() { return Open('{'); }
  JsonWriter& End() { return Close('}'); }
  JsonWriter& BeginList() { return Open('['); }
  JsonWriter& EndList() { return Close(']'); }
  JsonWriter& Key(std::string_view name);
  JsonWriter& Value(std::string_view text);
  JsonWriter& Value(const std::string& text) { return Value(std::string_view(text)); }
  JsonWriter& Value(const char* text) { return Value(std::string_view(text)); }
  JsonWriter& Value(bool value) { return Bare(value ? "true" : "false"); }
  JsonWriter& Value(std::integral auto value) { return Bare(std::to_string(value)); }
  JsonWriter& Value(const Digest& digest) { return Value(digest ? ToHex(digest) : std::string()); }
  JsonWriter& Value(const std::vector<std::string>& texts);
  JsonWriter& Value(const std::map<std::string, std::string>& texts);
  template <class T>
  JsonWriter& Field(std::string_view name, const T& value) {
    return Key(name).Value(value);
  }

  const std::string& text() const { return text_; }
  std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  JsonWriter& Bare(std::string_view word);
  void Comma();

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace fft
