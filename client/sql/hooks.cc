#include "client/sql/hooks.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

namespace fft::sql {

namespace {

/// The first word of a statement in capitals, after blanks and comments.
std::string FirstWord(const std::string& text) {
  std::size_t at = 0;
  int depth = 0;  // of /* */, which nest
  while (at < text.size()) {
    const std::string_view here = std::string_view(text).substr(at);
    if (here.starts_with("/*")) {
      ++depth;
      at += 2;
    } else if (depth > 0 && here.starts_with("*/")) {
      --depth;
      at += 2;
    } else if (depth == 0 && here.starts_with("--")) {
      at = std::min(text.find('\n', at), text.size());
    } else if (depth > 0 || std::isspace(static_cast<unsigned char>(text[at])) != 0) {
      ++at;
    } else {
      break;
    }
  }
  std::string word;
  for (; at < text.size() && std::isalpha(static_cast<unsigned char>(text[at])) != 0; ++at)
    word += static_cast<char>(std::toupper(static_cast<unsigned char>(text[at])));
  return word;
}

}  // namespace

Status CheckHooks(const build::v1::SqlTask& task) {
  static const std::set<std::string> kOfTransactions = {"BEGIN", "START",    "COMMIT", "END",
                                                        "ABORT", "ROLLBACK", "PREPARE"};
  const auto check = [](const auto& hooks, const char* what) {
    for (int i = 0; i < hooks.size(); ++i)
      if (const std::string word = FirstWord(hooks[i]); kOfTransactions.contains(word))
        return Error(Code::kInvalidArgument,
                     "{} {}: {} is not for a hook, which is a part of the run's transaction", what,
                     i + 1, word);
    return Ok();
  };
  const Status before = check(task.pre_hooks(), "pre_hook");
  return before.ok() ? check(task.post_hooks(), "post_hook") : before;
}

}  // namespace fft::sql
