#include "client/frontends/yaml/yaml_file.h"

#include <new>

#include <fmt/format.h>

#include "client/frontends/yaml/yaml_map.h"

namespace fft {

namespace {

Status At(const std::string& file, const YAML::Mark& mark, const std::string& what) {
  if (mark.is_null()) return Error(Code::kInvalidArgument, "{}: {}", file, what);
  return Error(Code::kInvalidArgument, "{}:{}:{}: {}", file, mark.line + 1, mark.column + 1, what);
}

}  // namespace

Status ReadYaml(const std::string& file, const std::string& text,
                const std::function<void(const YAML::Node&)>& read) {
  try {
    read(YAML::Load(text));
    return Ok();
  } catch (const YamlError& error) {
    return At(file, error.at, error.text);
  } catch (const YAML::Exception& error) {
    return At(file, error.mark, error.msg);
  } catch (const std::bad_alloc&) {
    return Error(Code::kResourceExhausted, "{}: out of memory", file);
  }
}

}  // namespace fft
