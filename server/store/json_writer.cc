#include "server/store/json_writer.h"

#include <fmt/format.h>

namespace fft {

void JsonWriter::Comma() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

JsonWriter& JsonWriter::Open(char bracket) {
  Comma();
  text_ += bracket;
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Bare(std::string_view word) {
  Comma();
  text_ += word;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view name) {
  Value(name);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Value(std::string_view text) {
  Comma();
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (text_ += '\\') += c;
    else if (c == '\0')
      text_ += "\xEF\xBF\xBD";  // jsonb cannot hold it: U+FFFD
    else if (static_cast<unsigned char>(c) < 0x20)
      text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      text_ += c;
  }
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::Value(const std::vector<std::string>& texts) {
  BeginList();
  for (const std::string& text : texts) Value(text);
  return EndList();
}

JsonWriter& JsonWriter::Value(const std::map<std::string, std::string>& texts) {
  Begin();
  for (const auto& [name, text] : texts) Field(name, text);
  return End();
}

}  // namespace fft
