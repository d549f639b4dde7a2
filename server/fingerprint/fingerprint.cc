#include "server/fingerprint/fingerprint.h"

#include <algorithm>
#include <map>
#include <utility>

namespace fft {

namespace {

// Begins every canonical form of a config: a change of the form changes all digests at once.
constexpr std::string_view kConfigForm = "fft-config-1";
constexpr std::string_view kTaintForm = "fft-taint-1";
constexpr std::string_view kVersionForm = "fft-version-1";
constexpr std::string_view kPendingForm = "fft-pending-1";
constexpr std::string_view kKeyForm = "fft-key-1";
constexpr std::size_t kWordsMax = 256;

// Digest and words both come from this one list, so an explanation can't leave out what the digest
// saw.  `sink(kind, name, value)`; kind and name together say which fact it is.
template <class Sink>
void Describe(const SqlTask& sql, Sink& sink) {
  sink("sql", "materialization", ToString(sql.materialization));
  sink("sql", "query", sql.query);
  sink("sql", "delta_query", sql.delta_query);
  for (std::size_t i = 0; i < sql.unique_key.size(); ++i)
    sink("unique_key", std::to_string(i + 1), sql.unique_key[i]);
  sink("sql", "on_schema_change", ToString(sql.on_schema_change));
  for (std::size_t i = 0; i < sql.pre_hooks.size(); ++i)
    sink("pre_hook", std::to_string(i + 1), MaskPasswords(sql.pre_hooks[i]));
  for (std::size_t i = 0; i < sql.post_hooks.size(); ++i)
    sink("post_hook", std::to_string(i + 1), MaskPasswords(sql.post_hooks[i]));
  sink("sql", "csv", sql.csv);
  sink("sql", "program", sql.program);
  for (std::size_t i = 0; i < sql.columns.size(); ++i)
    sink("column", std::to_string(i + 1), sql.columns[i].name + " " + sql.columns[i].type);
}

template <class Sink>
void Describe(const JobConfig& config, Sink& sink) {
  const JobFrame& frame = *config.frame;
  sink("job", "", frame.job);
  sink("version", "", "v" + std::to_string(MajorVersion(frame.version)));
  sink("runner", "", ToString(frame.runner));
  sink("executable", "", frame.executable);
  for (const FrozenFile& file : frame.files)
    sink("file", file.path, ToHex(file.digest) + (file.executable ? " executable" : ""));
  for (const std::string& output : config.outputs) sink("output", output, "declared");
  for (const Input& input : config.inputs)
    sink("input", input.ref, ToString(input.kind) + " by " + ToString(input.identity));
  int place = 0;
  for (const std::string_view arg : config.args)
    sink("argument", std::to_string(++place), MaskPasswords(arg));
  for (const auto& [name, value] : *config.env) sink("env", name, MaskPasswords(value));
  sink("in_place", "", frame.is_in_place ? "yes" : "no");
  if (frame.runner == Runner::kSql) Describe(*frame.sql, sink);
}

void AppendNumber(std::string& bytes, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<std::uint8_t>(number >> shift));
}

void AppendPrefixed(std::string& bytes, std::string_view text) {
  AppendNumber(bytes, text.size());
  bytes += text;
}

struct Canonical {
  std::string bytes;
  void operator()(std::string_view kind, std::string_view name, std::string_view value) {
    AppendPrefixed(bytes, kind);
    AppendPrefixed(bytes, name);
    AppendPrefixed(bytes, value);
  }
};

// In the order of Describe(); `place` finds a fact by its words.
struct Words {
  std::vector<std::pair<std::string, std::string>> facts;
  std::map<std::string, std::size_t> place;
  void operator()(std::string_view kind, std::string_view name, std::string_view value) {
    std::string fact(kind);
    if (!name.empty()) (fact += ' ') += name;
    place.emplace(fact, facts.size());
    facts.emplace_back(std::move(fact), std::string(value));
  }
};

std::string Shorten(std::string_view text) {
  if (text.size() <= kWordsMax) return std::string(text);
  std::size_t end = kWordsMax - 3;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // whole UTF-8
  return std::string(text.substr(0, end)) + "...";
}

Digest Tainted(const Digest& identity, std::int64_t taint) {
  if (taint <= 0 || !identity) return identity;
  std::string bytes(kTaintForm);
  AppendNumber(bytes, static_cast<std::uint64_t>(taint));
  bytes += identity.view();
  return Sha256(bytes);
}

Digest OfVersion(int major) {
  return Sha256(std::string(kVersionForm) + " v" + std::to_string(major));
}

}  // namespace

Digest ConfigDigest(const JobConfig& config) {
  Canonical canonical{std::string(kConfigForm)};
  Describe(config, canonical);
  return Sha256(canonical.bytes);
}

Digest IdentityOf(Identity kind, const Materialisation& live, std::int64_t taint) {
  switch (kind) {
    case Identity::kKey: return Tainted(live.key, taint);
    case Identity::kContent: return live.content ? live.content : Tainted(live.key, taint);
    case Identity::kVersion: return Tainted(OfVersion(live.major_version), taint);
    case Identity::kNone: return {};
  }
  return {};
}

Digest PendingIdentity(Identity kind, const Digest& producer_plan_key, int producer_major,
                       std::int64_t taint) {
  switch (kind) {
    case Identity::kKey: return Tainted(producer_plan_key, taint);
    case Identity::kContent:
      return Sha256(std::string(kPendingForm).append(producer_plan_key.view()));
    case Identity::kVersion: return Tainted(OfVersion(producer_major), taint);
    case Identity::kNone: return {};
  }
  return {};
}

Digest SourceIdentity(Identity kind, const Digest& content, std::int64_t taint) {
  Materialisation live;
  live.key = content;
  live.content = content;
  return IdentityOf(kind, live, taint);
}

// Identities have one width and keep their places, zeros too, so the form is injective.
Digest KeyOf(const Digest& config_digest, std::span<const Digest> identities) {
  static_assert(sizeof(Digest) == 32);
  std::string bytes;
  bytes.reserve(kKeyForm.size() + 32 * (1 + identities.size()));
  bytes += kKeyForm;
  bytes += config_digest.view();
  for (const Digest& identity : identities) bytes += identity.view();
  return Sha256(bytes);
}

std::vector<FactChange> DiffConfigs(const JobConfig& before, const JobConfig& now) {
  Words old_words;
  Words new_words;
  Describe(before, old_words);
  Describe(now, new_words);
  std::vector<FactChange> changes;
  for (const auto& [fact, value] : new_words.facts) {
    const auto was = old_words.place.find(fact);
    const bool is_new = was == old_words.place.end();
    if (!is_new && old_words.facts[was->second].second == value) continue;
    changes.push_back(
        {Shorten(fact),
         is_new ? std::string(kAbsentFact) : Shorten(old_words.facts[was->second].second),
         Shorten(value)});
  }
  for (const auto& [fact, value] : old_words.facts)
    if (!new_words.place.contains(fact))
      changes.push_back({Shorten(fact), Shorten(value), std::string(kAbsentFact)});
  return changes;
}

std::vector<FactChange> DiffIdentities(const JobConfig& before,
                                       std::span<const Digest> identities_before,
                                       const JobConfig& now,
                                       std::span<const Digest> identities_now) {
  std::map<std::string_view, const Digest*> old_identities;
  for (std::size_t i = 0; i < std::min(before.inputs.size(), identities_before.size()); ++i)
    old_identities.emplace(before.inputs[i].ref, &identities_before[i]);
  std::vector<FactChange> changes;
  for (std::size_t i = 0; i < std::min(now.inputs.size(), identities_now.size()); ++i) {
    const auto was = old_identities.find(now.inputs[i].ref);
    if (was == old_identities.end() || *was->second == identities_now[i]) continue;
    changes.push_back(
        {Shorten("input " + now.inputs[i].ref), ToHex(*was->second), ToHex(identities_now[i])});
  }
  return changes;
}

}  // namespace fft
