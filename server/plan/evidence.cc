#include "server/plan/evidence.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace fft {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kListedMax = 20;
constexpr std::size_t kFactsMax = 50;

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool IsUncertain(const RefNow& now) {
  return now.partition != nullptr && static_cast<bool>(now.partition->doubt->uncertain_run);
}
bool IsNew(const RefNow& now) { return now.partition == nullptr || !now.partition->live.run; }
bool IsTainted(const RefNow& now) {
  return now.partition != nullptr && now.partition->is_tainted();
}
bool HasWriter(const RefNow& now) { return static_cast<bool>(now.pending_plan_key); }

}  // namespace

std::string EvidenceWriter::Write(ConfigIndex config, Reason reason,
                                  const std::vector<RefIndex>& missing) const {
  switch (reason) {
    case Reason::kNeverBuilt: return WriteRefs(OutputsWith(config, IsNew), {}, {});
    case Reason::kDataMissing: return WriteRefs(missing, {}, {});
    case Reason::kFactsChanged: return Dump({{"run", RunBefore(config).value}});
    case Reason::kInputUndecided: return WriteUnknownInputs(config);
    case Reason::kRebuildRequested: return Dump({{"glob", *keys_.rebuild_glob(config)}});
    case Reason::kCacheOff: return WriteCacheOff(config);
    case Reason::kUncertain: {
      const auto refs = OutputsWith(config, IsUncertain);
      return WriteRefs(refs, keys_.now(refs.front()).partition->doubt->uncertain_run, {});
    }
    case Reason::kTainted:
    case Reason::kSuspect: {
      const auto refs = OutputsWith(config, IsTainted);
      return WriteRefs(refs, keys_.now(refs.front()).partition->live.run, {});
    }
    case Reason::kOscillating:
    case Reason::kJoined: {
      const auto refs = OutputsWith(config, HasWriter);
      return WriteRefs(refs, {}, keys_.now(refs.front()).pending_build);
    }
    default: return "{}";
  }
}

std::vector<RefIndex> EvidenceWriter::OutputsWith(ConfigIndex config,
                                                  bool (*speaks_against)(const RefNow&)) const {
  const ConeConfig& at = cone_.configs[config];
  std::vector<RefIndex> refs;
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i)
    if (speaks_against(keys_.now(cone_.outputs[i]))) refs.push_back(cone_.outputs[i]);
  return refs;
}

std::string EvidenceWriter::WriteRefs(const std::vector<RefIndex>& refs, RunId run,
                                      BuildId build) const {
  Json json = {{"refs", Json::array()}};
  for (std::size_t i = 0; i < std::min(refs.size(), kListedMax); ++i)
    json["refs"].push_back(cone_.refs[refs[i]]);
  if (refs.size() > kListedMax) json["more"] = refs.size() - kListedMax;
  if (run) json["run"] = run.value;
  if (build) json["build"] = build.value;
  return Dump(json);
}

std::string EvidenceWriter::WriteUnknownInputs(ConfigIndex config) const {
  const auto& inputs = cone_.configs[config].config->inputs;
  Json json = {{"inputs", Json::array()}};
  std::size_t unknown = 0;
  for (std::uint32_t i = 0; i < inputs.size(); ++i) {
    if (!keys_.IsUnknown(config, i)) continue;
    if (++unknown <= kListedMax) json["inputs"].push_back(inputs[i].ref);
  }
  if (unknown > kListedMax) json["more"] = unknown - kListedMax;
  return Dump(json);
}

std::string EvidenceWriter::WriteCacheOff(ConfigIndex config) const {
  if (!Reads(options_.cache)) return Dump({{"mode", ToString(options_.cache)}});
  const RefIndex output = cone_.outputs[cone_.configs[config].outputs_begin];
  return Dump({{"run", keys_.now(output).partition->live.run.value}, {"reusable", false}});
}

RunId EvidenceWriter::RunBefore(ConfigIndex config) const {
  const ConeConfig& at = cone_.configs[config];
  for (std::uint32_t i = at.outputs_begin; i < at.outputs_end; ++i) {
    const Partition* const partition = keys_.now(cone_.outputs[i]).partition;
    if (partition != nullptr && partition->live.key != keys_.plan_key(config))
      return partition->live.run;
  }
  return {};
}

std::string EvidenceWriter::WriteChanges(ConfigIndex config, const RunFacts& before) const {
  const JobConfig& now = *cone_.configs[config].config;
  const std::vector<Digest> identities = keys_.IdentitiesOf(config);
  std::vector<FactChange> changes = DiffConfigs(*before.config, now);
  std::vector<FactChange> inputs =
      DiffIdentities(*before.config, before.identities, now, identities);
  SayWhatIsUnknown(config, &inputs);
  changes.insert(changes.end(), inputs.begin(), inputs.end());
  if (changes.empty() && *before.config == now && before.identities == identities)
    changes.push_back({"root", "another folder, or no fact yet", cone_.graph->spec().root_uri});
  if (changes.empty())  // only a run whose key says that it is not known what it read
    changes.push_back({"sources", "edited while they were read", "as they are"});
  Json json = {{"run", before.run.value}, {"facts", Json::array()}};
  for (std::size_t i = 0; i < std::min(changes.size(), kFactsMax); ++i)
    json["facts"].push_back(
        {{"fact", changes[i].fact}, {"before", changes[i].before}, {"now", changes[i].now}});
  if (changes.size() > kFactsMax) json["more"] = changes.size() - kFactsMax;
  return Dump(json);
}

// A placeholder means nothing to people, and a key that holds a taint number should say so.
void EvidenceWriter::SayWhatIsUnknown(ConfigIndex config, std::vector<FactChange>* changes) const {
  const ConeConfig& at = cone_.configs[config];
  std::size_t change = 0;  // both lists are in the order of the inputs
  for (std::uint32_t i = 0; i < at.config->inputs.size() && change < changes->size(); ++i) {
    const Input& input = at.config->inputs[i];
    FactChange& candidate = (*changes)[change];
    if (candidate.fact != "input " + input.ref) continue;
    const std::int64_t taint = keys_.taint(cone_.inputs[at.inputs_begin + i]);
    if (keys_.IsUnknown(config, i))
      candidate.now = "(known when it is built)";
    else if (taint > 0 && input.identity != Identity::kContent)
      candidate.now += " (tainted " + std::to_string(taint) + " times)";
    ++change;
  }
}

}  // namespace fft
