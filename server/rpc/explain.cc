#include "server/rpc/explain.h"

#include <cstddef>
#include <string_view>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "server/rpc/error.h"

namespace fft {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLinesMax = 100;
constexpr std::size_t kLineMax = 1000;

std::string_view Conclusion(Reason reason) {
  switch (reason) {
    case Reason::kNone: return "no reason is recorded";
    case Reason::kNeverBuilt: return "it runs: nothing was ever built here";
    case Reason::kFactsChanged: return "it runs: what decides its result has changed";
    case Reason::kDataMissing: return "it runs: data that was built is gone";
    case Reason::kUncertain:
      return "it runs: an earlier run was cut short and may have left half of it";
    case Reason::kTainted: return "it runs: its data was declared wrong";
    case Reason::kSuspect:
      return "it was made from data that was declared wrong: it runs unless that comes out the "
             "same";
    case Reason::kRebuildRequested: return "it runs: the request asked to rebuild it";
    case Reason::kCacheOff: return "it runs: the request does not use earlier results";
    case Reason::kOscillating: return "it runs: another request keeps building it otherwise";
    case Reason::kInputUndecided:
      return "it is decided when it is ready: an input's identity is not known before that has run";
    case Reason::kConfigure: return "it runs: it asks a configure executable what is to be done";
    case Reason::kCached: return "it was not run: its live data was what would be built";
    case Reason::kCutOff:
      return "it was not run: its inputs were built again and came out the same";
    case Reason::kJoined: return "another build is at it already, and this one waits for that";
    case Reason::kSource: return "it is a source: nobody builds it";
    case Reason::kUpstreamFailed: return "it did not run: what it needs failed";
    case Reason::kJobFailed: return "it failed: the job said so";
    case Reason::kTimeLimit: return "it failed: it ran longer than its limit";
    case Reason::kMemoryLimit: return "it failed: it took more memory than its limit";
    case Reason::kQuarantined:
      return "it was given up: the machines under it failed too often in a row";
    case Reason::kCancelRequested: return "it was withdrawn: somebody cancelled the build";
    case Reason::kFailFast: return "it was withdrawn: something else of the build failed";
    case Reason::kDeadlineExceeded: return "it was withdrawn: the build's deadline is over";
    case Reason::kBadOutput: return "it failed: what it left is not what it declared";
    case Reason::kAttemptsExhausted: return "it failed: it was tried as often as it may be";
    case Reason::kNoWorker: return "it waits: no worker can run it";
    case Reason::kSourceEdited: return "a source was edited: the build is planned again";
    default: break;  // of builds alone
  }
  return "unknown";
}

// Of a node that has run, in the past.
std::string Concluded(Reason reason, NodeState state) {
  constexpr std::string_view kRuns = "it runs: ";
  std::string text(Conclusion(reason));
  if (state != NodeState::kSucceeded) return text;
  if (reason == Reason::kInputUndecided)
    return "it ran: when it was ready an input had come out otherwise";
  if (text.starts_with(kRuns)) text.replace(0, kRuns.size(), "it ran: ");
  return text;
}

std::string Words(const Json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void AddLine(std::string line, std::vector<std::string>* lines) {
  if (lines->size() < kLinesMax) lines->push_back(Clean(line, kLineMax));
}

std::string Member(const Json& object, const char* name) {
  const auto member = object.find(name);
  return member == object.end() ? std::string() : Words(*member);
}

/// A fact that was one thing and is another.
std::string FactWords(const Json& fact) {
  constexpr std::string_view kAbsent = "(absent)";  // as the fingerprint has it
  const std::string name = Member(fact, "fact"), before = Member(fact, "before"),
                    now = Member(fact, "now");
  if (before == kAbsent) return fmt::format("{}: is new: {}", name, now);
  if (now == kAbsent) return fmt::format("{}: is gone; was {}", name, before);
  return fmt::format("{}: was {}, is {}", name, before, now);
}

/// One entry of evidence; docs/explain.md lists them.
std::string EntryWords(const std::string& key, const Json& value) {
  if (key == "facts" && value.is_object()) return FactWords(value);
  if (key == "refs") return Words(value);
  if (key == "inputs") return fmt::format("not known before it has run: {}", Words(value));
  if (key == "more") return fmt::format("and {} more", Words(value));
  if (key == "run") return fmt::format("see run {}", Words(value));
  if (key == "node") return fmt::format("see node {}", Words(value));
  if (key == "build") return fmt::format("see build {}", Words(value));
  if (key == "glob") return fmt::format("matches {}", Words(value));
  if (key == "mode") return fmt::format("cache mode {}", Words(value));
  if (key == "reusable") return "that run was recorded as not to be used again";
  return fmt::format("{}: {}", key, Words(value));
}

void AddEvidence(const Json& evidence, std::vector<std::string>* lines) {
  for (const auto& [key, value] : evidence.items()) {
    if (!value.is_array())
      AddLine(EntryWords(key, value), lines);
    else
      for (const Json& item : value) AddLine(EntryWords(key, item), lines);
  }
}

}  // namespace

std::vector<std::string> Explain(const NodeInBuild& seen) {
  const Reason own = seen.node.reason, here = seen.attach_reason;
  const Reason reason = (seen.is_hit && here != Reason::kNone) || own == Reason::kNone ? here : own;
  std::vector<std::string> lines;
  AddLine(Concluded(reason, seen.node.state), &lines);
  if (here != Reason::kNone && here != reason)
    AddLine(fmt::format("when the build was planned: {}", Conclusion(here)), &lines);
  if (!seen.node.past->message.empty()) AddLine(seen.node.past->message.str(), &lines);
  const Json evidence = Json::parse(seen.node.evidence.view(), nullptr, false);
  if (evidence.is_object()) AddEvidence(evidence, &lines);
  return lines;
}

}  // namespace fft
