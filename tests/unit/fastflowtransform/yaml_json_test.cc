#include "client/frontends/yaml/yaml_json.h"

#include <gtest/gtest.h>

#include "client/frontends/yaml/yaml_map.h"

namespace fft {
namespace {

std::string Json(const std::string& yaml) { return YamlToJson(YAML::Load(yaml)); }

// Each as PyYAML 6 and json.dumps have it.
TEST(YamlToJson, GivesPlainScalarsTheTypesOfYaml11) {
  EXPECT_EQ(Json("[yes, Off, true, 'yes', \"1\", !!str 1, y]"),
            R"([true,false,true,"yes","1","1","y"])");
  EXPECT_EQ(Json("[0, -12, +3, 1_000, 0x1F, 017, 08, 0b101, 1:30, 18446744073709551615]"),
            R"([0,-12,3,1000,31,15,"08",5,90,18446744073709551615])");
  EXPECT_EQ(Json("[1.5, .5, -.5, -1., 1e3, 1.0e+3, 1:30.5, 1.2.3]"),
            R"([1.5,0.5,"-.5",-1.0,"1e3",1000.0,90.5,"1.2.3"])");
  EXPECT_EQ(Json("[~, null, '', , 2012-01-01]"), R"([null,null,"",null,"2012-01-01"])");
}

TEST(YamlToJson, KeepsShapes) {
  EXPECT_EQ(Json("a: {b: [1, {c: x}]}\n1: y\n"), R"({"1":"y","a":{"b":[1,{"c":"x"}]}})");
  EXPECT_EQ(Json("&x a: 1\nb: &y [2]\nc: *y\n"), R"({"a":1,"b":[2],"c":[2]})");
  EXPECT_EQ(Json(""), "null");
  EXPECT_EQ(Json("Zürich"), "\"Zürich\"");
}

TEST(YamlToJson, RefusesWhatIsNoValue) {
  EXPECT_THROW(Json("{a: 1, a: 2}"), YamlError);
  EXPECT_THROW(Json("? [a]\n: 1\n"), YamlError);
  EXPECT_THROW(Json(std::string(200, '[') + std::string(200, ']')), YamlError);
}

}  // namespace
}  // namespace fft
