#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// A set of bytes.
using ByteSet = std::bitset<256>;

/// A regular expression compiled for matching whole texts in time linear in their length, whatever
/// the expression: all ways are followed at once (Thompson's construction, run with captures as in
/// Pike's machine; see Russ Cox, "Regular Expression Matching: the Virtual Machine Approach",
/// 2009). Of several ways to match, captures take the one that a backtracking engine would find
/// first. Built piece by piece, then immutable.
class Matcher {
 public:
  void AddLiteral(std::string_view text);
  /// One or more bytes that are in `set`.
  void AddRun(const ByteSet& set);
  /// Exactly one byte of `set`.
  void AddByte(const ByteSet& set);
  /// The language of docs/templates.md: no anchors, look-around, back-references or lazy repeats.
  /// INVALID_ARGUMENT tells what is not understood, and where.
  Status AddExpression(std::string_view expression);
  /// What is added between these is capture number `begun so far`.
  void BeginCapture();
  void EndCapture();

  /// Whether it grew beyond what is allowed; then it must not be used.
  bool is_too_large() const { return program_.size() > kProgramMax; }

  /// On true `captures` holds parts of `text`.
  bool Match(std::string_view text, std::vector<std::string_view>* captures) const;

  static constexpr std::size_t kProgramMax = 2'000;

 private:
  friend class ExpressionParser;
  class Run;

  enum class Op : std::uint8_t { kByte, kSplit, kJump, kSave };
  struct Instruction {
    Op op = Op::kByte;
    std::uint32_t set = 0;       // kByte: place in sets_
    std::uint32_t x = 0, y = 0;  // kSplit: preferred, other; kJump: x; kSave: slot in x
  };

  std::uint32_t Emit(Instruction instruction);
  std::uint32_t here() const { return static_cast<std::uint32_t>(program_.size()); }

  std::vector<Instruction> program_;  // matches when it runs off the end
  std::vector<ByteSet> sets_;
  std::uint32_t captures_ = 0;
};

}  // namespace fft
