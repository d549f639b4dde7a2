#include "server/plan/key_pass.h"

#include <algorithm>

#include "server/base/check.h"
#include "server/fingerprint/fingerprint.h"
#include "server/graph/glob.h"

namespace fft {

namespace {

const Materialisation kNothing;

}  // namespace

KeyPass::KeyPass(const PlanRequest& request)
    : cone_(*request.cone),
      refs_(request.refs),
      sources_(request.sources),
      globs_(request.options.rebuild) {
  FFT_CHECK(refs_.size() == cone_.refs.size());
  FFT_CHECK(sources_.size() == cone_.sources.size());
  taints_.resize(refs_.size());
  for (std::size_t i = 0; i < refs_.size(); ++i)
    if (refs_[i].partition != nullptr) taints_[i] = refs_[i].partition->doubt->taint;
  if (!globs_.empty()) FindRebuilds();
  if (request.memo != nullptr && request.memo->cone != request.cone)
    *request.memo = {request.cone, std::vector<Digest>(cone_.inputs.size()),
                     std::vector<Digest>(cone_.configs.size())};
  keys_.resize(cone_.configs.size());
  causes_.resize(cone_.configs.size(), Reason::kNone);
  twins_.resize(cone_.configs.size());
  for (ConfigIndex config = 0; config < cone_.configs.size(); ++config) {
    keys_[config] = PlanKey(config, request.memo);
    causes_[config] = CauseOf(config);
    twins_[config] = Twin(config);
    // What reads it was planned by that key, too.
    if (twins_[config] && causes_[config] != Reason::kNone) keys_[config] = twins_[config];
  }
}

void KeyPass::FindRebuilds() {
  rebuilds_.assign(cone_.configs.size(), -1);
  for (ConfigIndex i = 0; i < cone_.configs.size(); ++i) {
    const JobConfig& config = *cone_.configs[i].config;
    for (std::size_t g = 0; g < globs_.size() && rebuilds_[i] < 0; ++g) {
      const auto names = [&](const std::string& text) { return GlobMatches(globs_[g], text); };
      if (names(config.frame->job) ||
          std::any_of(config.outputs.begin(), config.outputs.end(), names))
        rebuilds_[i] = static_cast<std::int32_t>(g);
    }
  }
}

const std::string* KeyPass::rebuild_glob(ConfigIndex config) const {
  if (rebuilds_.empty() || rebuilds_[config] < 0) return nullptr;
  return &globs_[static_cast<std::size_t>(rebuilds_[config])];
}

bool KeyPass::has_pending_writer(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i)
    if (refs_[cone_.outputs[i]].pending_plan_key) return true;
  return false;
}

// Identities are written over those of the memo, so that the next planner compares with these.
Digest KeyPass::PlanKey(ConfigIndex config, KeyMemo* memo) const {
  if (memo == nullptr) return KeyBy(&KeyPass::Planned, config);
  Identify(&KeyPass::Planned, config);
  const ConeConfig& at = cone_.configs[config];
  const auto before = memo->identities.begin() + at.inputs_begin;
  if (memo->keys[config] && std::equal(scratch_.begin(), scratch_.end(), before))
    return memo->keys[config];
  std::copy(scratch_.begin(), scratch_.end(), before);
  memo->keys[config] = KeyOf(at.digest, scratch_);
  return memo->keys[config];
}

void KeyPass::Identify(InputIdentity identity, ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  scratch_.clear();
  for (std::uint32_t i = at.inputs_begin; i < at.inputs_end; ++i)
    scratch_.push_back((this->*identity)(at.config->inputs[i - at.inputs_begin], cone_.inputs[i]));
}

Digest KeyPass::KeyBy(InputIdentity identity, ConfigIndex config) const {
  Identify(identity, config);
  return KeyOf(cone_.configs[config].digest, scratch_);
}

Digest KeyPass::Live(const Input& input, RefIndex ref) const {
  const Partition* const partition = refs_[ref].partition;
  return IdentityOf(input.identity, partition == nullptr ? kNothing : partition->live,
                    taints_[ref]);
}

Digest KeyPass::Pending(const Input& input, RefIndex ref) const {
  const ConfigIndex producer = cone_.producers[ref];
  return PendingIdentity(input.identity, keys_[producer], cone_.configs[producer].major_version,
                         taints_[ref]);
}

// Once a producer's key is what is live, its content is what is live: also when its data is missing
// and it runs again.  Only who asks for a rebuild wants to know whether it comes out the same.
bool KeyPass::IsContentKnown(ConfigIndex producer) const {
  return causes_[producer] == Reason::kNone && rebuild_glob(producer) == nullptr;
}

Digest KeyPass::Planned(const Input& input, RefIndex ref) const {
  if (input.identity == Identity::kNone) return {};
  if (cone_.source_of[ref] != kNoIndex)
    return SourceIdentity(input.identity, sources_[cone_.source_of[ref]].content, taints_[ref]);
  if (input.kind == InputKind::kQuery) return Live(input, ref);
  // By key and by version nothing changes when a producer ends: what is pending is foretold.
  if (input.identity == Identity::kContent && IsContentKnown(cone_.producers[ref]))
    return Live(input, ref);
  return Pending(input, ref);
}

Digest KeyPass::Optimistic(const Input& input, RefIndex ref) const {
  const bool is_built = input.kind != InputKind::kQuery && cone_.source_of[ref] == kNoIndex &&
                        input.identity != Identity::kNone;
  if (!is_built) return Planned(input, ref);
  const Reason cause = causes_[cone_.producers[ref]];
  if (cause == Reason::kNone || cause == Reason::kInputUndecided || cause == Reason::kSuspect)
    return Live(input, ref);
  const Partition* const partition = refs_[ref].partition;
  const bool may_come_out_the_same =
      input.identity == Identity::kContent && partition != nullptr && partition->live.content;
  return may_come_out_the_same ? Live(input, ref) : Pending(input, ref);
}

Digest KeyPass::BeforeContents(const Input& input, RefIndex ref) const {
  const bool is_built = input.kind != InputKind::kQuery && cone_.source_of[ref] == kNoIndex;
  return is_built ? Pending(input, ref) : Planned(input, ref);
}

Reason KeyPass::CauseOf(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  // What a pending node has under way is uncertain until it ends; that node is what decides then.
  const bool has_writer = has_pending_writer(config);
  bool is_uncertain = false, is_new = false, is_tainted = false, differs = false;
  bool is_suspect = false;
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i) {
    const Partition* const partition = refs_[cone_.outputs[i]].partition;
    is_new |= partition == nullptr || !partition->live.run;
    if (partition == nullptr) continue;
    is_uncertain |= partition->doubt->uncertain_run && !has_writer;
    is_tainted |= partition->is_tainted() && !partition->doubt->is_suspect;
    is_suspect |= partition->is_tainted();
    differs |= partition->live.key != keys_[config];
  }
  if (is_uncertain) return Reason::kUncertain;
  if (is_new) return Reason::kNeverBuilt;
  if (is_tainted) return Reason::kTainted;
  if (!differs) return is_suspect ? Reason::kSuspect : Reason::kNone;
  return IsUndecided(config) ? Reason::kInputUndecided : Reason::kFactsChanged;
}

bool KeyPass::is_reusable(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i) {
    const Partition* const partition = refs_[cone_.outputs[i]].partition;
    if (partition != nullptr && !partition->live.is_reusable) return false;
  }
  return true;
}

bool KeyPass::IsUndecided(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  const Digest& live = refs_[cone_.outputs[at.outputs_begin]].partition->live.key;
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i)
    if (refs_[cone_.outputs[i]].partition->live.key != live) return false;
  return KeyBy(&KeyPass::Optimistic, config) == live;
}

std::vector<Digest> KeyPass::IdentitiesOf(ConfigIndex config) const {
  Identify(&KeyPass::Planned, config);
  return scratch_;
}

// A pending node that will come to the key to which this config would come.  Its plan key may be
// another: its planner saw placeholders where this one sees the contents of what has ended since.
Digest KeyPass::Twin(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  RefNow now;
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i) {
    const RefNow& output = refs_[cone_.outputs[i]];
    if (!output.pending_plan_key) continue;
    if (now.pending_plan_key && now.pending_plan_key != output.pending_plan_key) return {};
    now = output;
  }
  const Digest& pending = now.pending_plan_key;
  if (!pending) return {};
  const bool is_same = pending == keys_[config] ||
                       pending == KeyBy(&KeyPass::BeforeContents, config) ||
                       (now.pending_config == at.digest && IsAwaitedAlike(config));
  return is_same ? pending : Digest{};
}

// For a node with this config that reads what is written last: whether that is what this one would
// read.  What a source held for it is not known.
bool KeyPass::IsAwaitedAlike(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  for (std::uint32_t i = at.inputs_begin; i < at.inputs_end; ++i) {
    const Input& input = at.config->inputs[i - at.inputs_begin];
    const RefIndex ref = cone_.inputs[i];
    if (input.kind == InputKind::kQuery || input.identity == Identity::kNone) continue;
    if (cone_.source_of[ref] != kNoIndex) return false;
    const ConfigIndex producer = cone_.producers[ref];
    const Digest& pending = refs_[ref].pending_plan_key;
    if (pending ? twins_[producer] != pending : !IsContentKnown(producer)) return false;
  }
  return true;
}

bool KeyPass::IsUnknown(ConfigIndex config, std::uint32_t input) const {
  const ConeConfig& at = cone_.configs[config];
  const Input& of = at.config->inputs[input];
  const RefIndex ref = cone_.inputs[at.inputs_begin + input];
  if (of.kind == InputKind::kQuery || of.identity == Identity::kNone ||
      cone_.source_of[ref] != kNoIndex)
    return false;
  const ConfigIndex producer = cone_.producers[ref];
  if (of.identity == Identity::kContent) return !IsContentKnown(producer);
  return causes_[producer] == Reason::kInputUndecided && of.identity == Identity::kKey;
}

}  // namespace fft
