#include "client/worker/manifest.h"

#include <utility>

#include <nlohmann/json.hpp>

namespace fft {
namespace {

using Json = nlohmann::json;

Status Lie(const std::string& where, const std::string& what) {
  return Error(Code::kInvalidArgument, "{}: {}", where, what);
}

/// Reads a count that may be missing.
Status TakeCount(const Json& from, const char* name, const std::string& where,
                 std::int64_t* count) {
  const auto it = from.find(name);
  if (it == from.end() || it->is_null()) return Ok();
  if (!it->is_number_integer()) return Lie(where, fmt::format("`{}` is no integer", name));
  if (it->is_number_unsigned() && it->get<std::uint64_t>() > INT64_MAX) {
    return Lie(where, fmt::format("`{}` is larger than 2^63", name));
  }
  if (it->get<std::int64_t>() < 0) {
    return Lie(where, fmt::format("`{}` is negative: {}", name, it->get<std::int64_t>()));
  }
  *count = it->get<std::int64_t>();
  return Ok();
}

Status TakeOutput(const Json& from, const std::string& place, const std::set<std::string>& declared,
                  JobManifest* manifest) {
  if (!from.is_object()) return Lie(place, "an entry of `outputs` is no object");
  const auto ref = from.find("ref");
  if (ref == from.end() || !ref->is_string()) return Lie(place, "an output without a `ref`");
  const std::string name = ref->get<std::string>();
  if (!declared.contains(name)) {
    return Lie(place,
               fmt::format("it names {}, which is no output of this run", name.substr(0, 200)));
  }
  const std::string where = fmt::format("{}: output {}", place, name);
  JobManifest::Output& output = manifest->outputs[name];
  if (const Status s = TakeCount(from, "rows", where, &output.rows); !s.ok()) return s;
  if (const Status s = TakeCount(from, "bytes", where, &output.bytes); !s.ok()) return s;
  const auto uri = from.find("uri");
  if (uri == from.end() || uri->is_null()) return Ok();
  if (!uri->is_string() || uri->get<std::string>().empty() ||
      uri->get<std::string>().size() > 4096) {
    return Lie(where, "`uri` is no text of 1 to 4096 bytes");
  }
  output.uri = uri->get<std::string>();
  return Ok();
}

Status TakeManifest(const Json& from, const std::string& place,
                    const std::set<std::string>& declared, JobManifest* manifest, Json* metadata) {
  if (!from.is_object()) return Lie(place, "no JSON object");
  if (const auto outputs = from.find("outputs"); outputs != from.end()) {
    if (!outputs->is_array()) return Lie(place, "`outputs` is no list");
    for (const Json& output : *outputs) {
      if (const Status s = TakeOutput(output, place, declared, manifest); !s.ok()) return s;
    }
  }
  const auto told = from.find("metadata");
  if (told == from.end() || told->is_null()) return Ok();
  if (!told->is_object()) return Lie(place, "`metadata` is no object");
  metadata->update(*told);
  return Ok();
}

/// `{"metric": {"name": N, "value": V}}` becomes metadata.metrics.N, `{"event": E}` is added to
/// metadata.events.  A line of another form is only log text.
void TakeNote(const Json& line, Json* metadata) {
  if (const auto metric = line.find("metric"); metric != line.end() && metric->is_object()) {
    const auto name = metric->find("name");
    const auto value = metric->find("value");
    if (name != metric->end() && name->is_string() && value != metric->end()) {
      (*metadata)["metrics"][name->get<std::string>()] = *value;
    }
  }
  if (const auto event = line.find("event"); event != line.end()) {
    (*metadata)["events"].push_back(*event);
  }
}

Status TakeSaid(std::string_view said, const std::set<std::string>& declared, JobManifest* manifest,
                Json* metadata, Json* notes) {
  while (!said.empty()) {
    const std::string_view line = said.substr(0, said.find('\n'));
    said.remove_prefix(std::min(said.size(), line.size() + 1));
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.contains("manifest")) {
      const Status s =
          TakeManifest(json["manifest"], "the printed manifest", declared, manifest, metadata);
      if (!s.ok()) return s;
    } else if (json.is_object()) {
      TakeNote(json, notes);
    } else if (line.find("\"manifest\"") < 8) {
      return Lie("the printed manifest", "the line is not JSON, or longer than 1 MiB");
    }
  }
  return Ok();
}

}  // namespace

StatusOr<JobManifest> ParseManifest(std::string_view said, std::string_view file,
                                    const std::set<std::string>& declared) {
  JobManifest manifest;
  Json metadata = Json::object();
  Json notes = Json::object();
  const Status heard = TakeSaid(said, declared, &manifest, &metadata, &notes);
  if (!heard.ok()) return heard;
  if (!file.empty()) {
    const Json json = Json::parse(file, nullptr, false);
    if (json.is_discarded()) return Lie("$FFT_MANIFEST", "not JSON");
    const Status read = TakeManifest(json, "$FFT_MANIFEST", declared, &manifest, &metadata);
    if (!read.ok()) return read;
  }
  const auto dump = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  if (dump(metadata).size() > kMetadataBytesMax) {
    return Lie("the manifest", fmt::format("metadata of more than {} bytes", kMetadataBytesMax));
  }
  // What was noted on the way gives way to what was declared.
  Json all = notes;
  all.update(metadata);
  manifest.metadata = dump(all);
  if (manifest.metadata.size() > kMetadataBytesMax) manifest.metadata = dump(metadata);
  if (manifest.metadata == "{}") manifest.metadata.clear();
  return manifest;
}

}  // namespace fft
