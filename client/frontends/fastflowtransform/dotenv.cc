#include "client/frontends/fastflowtransform/dotenv.h"

#include <cctype>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "client/frontends/yaml/text_file.h"

namespace fft {

namespace {

bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// Reads one file into `variables`.
class DotenvFile {
 public:
  DotenvFile(std::string name, std::string_view text, const Variables& real, Variables& variables)
      : name_(std::move(name)), rest_(text), real_(real), variables_(variables) {}

  Status Read() {
    while (!rest_.empty()) {
      SkipBlanks();
      if (Status line = ReadLine(); !line.ok()) return line;
    }
    return Ok();
  }

 private:
  Status ReadLine() {
    if (Peek() == '\n' || Peek() == '\0') return Next(), Ok();
    if (Peek() == '#') return SkipLine(), Ok();
    std::string name = ReadName();
    if (name == "export" && IsBlank(Peek())) {
      SkipBlanks();
      name = ReadName();
    }
    if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) != 0)
      return Wrong("NAME=VALUE is expected");
    SkipBlanks();
    if (Peek() == '\n' || Peek() == '\0' || Peek() == '#') return SkipLine(), Ok();
    if (Peek() != '=') return Wrong(fmt::format("= is expected after {}", name));
    Next();
    SkipBlanks();
    StatusOr<std::string> value = ReadValue();
    if (!value.ok()) return value.status();
    variables_[name] = *std::move(value);
    return Ok();
  }

  StatusOr<std::string> ReadValue() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') return ReadBare();
    const int first_line = line_;
    Next();
    std::string value;
    while (Peek() != quote) {
      if (rest_.empty()) return Wrong(fmt::format("{} is not closed", quote), first_line);
      if (quote == '"' && Peek() == '\\' && rest_.size() > 1) {
        Next();
        value += Escaped(Next());
      } else if (quote == '"' && rest_.starts_with("${")) {
        StatusOr<std::string> known = ReadReference();
        if (!known.ok()) return known.status();
        value += *known;
      } else {
        value += Next();
      }
    }
    Next();
    SkipBlanks();
    if (Peek() != '\n' && Peek() != '\0' && Peek() != '#')
      return Wrong(fmt::format("nothing may follow the closing {}", quote));
    SkipLine();
    return value;
  }

  StatusOr<std::string> ReadBare() {
    std::string value;
    while (Peek() != '\n' && !rest_.empty()) {
      if (Peek() == '#' && (value.empty() || IsBlank(value.back()))) break;
      if (rest_.starts_with("${")) {
        StatusOr<std::string> known = ReadReference();
        if (!known.ok()) return known.status();
        value += *known;
      } else {
        value += Next();
      }
    }
    SkipLine();
    while (!value.empty() && IsBlank(value.back())) value.pop_back();
    return value;
  }

  StatusOr<std::string> ReadReference() {
    const std::size_t end = rest_.substr(0, rest_.find('\n')).find('}');
    if (end == std::string_view::npos) return Wrong("${ is not closed");
    std::string_view inner = rest_.substr(2, end - 2);
    const std::size_t dash = inner.find(":-");
    const std::string name(inner.substr(0, dash));
    const std::string otherwise(dash == std::string_view::npos ? "" : inner.substr(dash + 2));
    rest_.remove_prefix(end + 1);
    for (const Variables* known : {&real_, &std::as_const(variables_)})
      if (const auto at = known->find(name); at != known->end() && !at->second.empty())
        return at->second;
    return otherwise;
  }

  static char Escaped(char c) { return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c; }

  std::string ReadName() {
    std::string name;
    while (IsNameCharacter(Peek())) name += Next();
    return name;
  }
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  char Next() {
    const char c = Peek();
    if (c == '\n') ++line_;
    if (!rest_.empty()) rest_.remove_prefix(1);
    return c;
  }
  void SkipBlanks() {
    while (IsBlank(Peek())) Next();
  }
  void SkipLine() {
    while (!rest_.empty() && Next() != '\n') {
    }
  }
  Status Wrong(const std::string& what, int line = 0) const {
    return Error(Code::kInvalidArgument, "{}:{}: {}", name_, line > 0 ? line : line_, what);
  }

  const std::string name_;
  std::string_view rest_;
  const Variables& real_;
  Variables& variables_;
  int line_ = 1;
};

}  // namespace

StatusOr<Variables> ReadDotenv(const std::filesystem::path& project, const std::string& env,
                               const Variables& real) {
  Variables variables;
  for (const std::string& name :
       {std::string(".env"), std::string(".env.local"), ".env." + env, ".env." + env + ".local"}) {
    const std::filesystem::path path = project / name;
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    const auto text = ReadTextFile(path);
    if (!text.ok()) return text.status();
    if (Status read = DotenvFile(path.string(), *text, real, variables).Read(); !read.ok())
      return read;
  }
  for (const auto& [name, value] : real) variables[name] = value;
  return variables;
}

}  // namespace fft
