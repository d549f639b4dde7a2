#include "client/frontends/fastflowtransform/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fft {
namespace {

using testing::ElementsAre;

/// src -> stg_a, stg_b (view) -> mart; py alone.
FftProject Shop() {
  FftProject project;
  project.settings.name = "shop";
  const auto add = [&](std::string name, std::string materialized, std::vector<std::string> deps,
                       const std::string& tags) {
    FftModel& model = project.models.emplace_back();
    model.name = std::move(name);
    model.relation = model.name.substr(0, model.name.find('.'));
    model.materialized = std::move(materialized);
    model.deps = std::move(deps);
    model.config = "{\"tags\": " + tags + "}";
    model.is_python = model.name == "py";
  };
  add("py", "table", {}, "[]");
  add("src.ff", "table", {}, "\"raw\"");
  add("stg_a.ff", "table", {"src.ff"}, "[\"staging\", \"a\"]");
  add("stg_b.ff", "view", {"src.ff"}, "[\"staging\"]");
  add("mart.ff", "table", {"stg_a.ff", "stg_b.ff"}, "[]");
  return project;
}

std::string Words(const std::vector<std::string>& selects,
                  const std::vector<std::string>& excludes = {}, const SelectionPast& past = {}) {
  const auto names = SelectModels(Shop(), selects, excludes, past);
  if (!names.ok()) return Message(names.status());
  std::string words;
  for (const std::string& name : *names) words += (words.empty() ? "" : " ") + name;
  return words;
}

TEST(Selection, WhatIsSelectedBringsItsUpstreams) {
  EXPECT_EQ(Words({}), "mart.ff py src.ff stg_a.ff stg_b.ff");
  EXPECT_EQ(Words({"mart"}), "mart.ff src.ff stg_a.ff stg_b.ff");
  EXPECT_EQ(Words({"stg_a*"}), "src.ff stg_a.ff");
  EXPECT_EQ(Words({"stg_b.ff", "py"}), "py src.ff stg_b.ff") << "several add up";
}

TEST(Selection, AllTokensOfOneMustHold) {
  EXPECT_EQ(Words({"tag:staging type:view"}), "src.ff stg_b.ff");
  EXPECT_EQ(Words({"tag:staging,tag:a"}), "src.ff stg_a.ff");
  EXPECT_EQ(Words({"tag:raw"}), "src.ff") << "a single tag may be a text";
  EXPECT_EQ(Words({"kind:python"}), "py");
  EXPECT_EQ(Words({"kind:sql type:view"}), "src.ff stg_b.ff");
}

TEST(Selection, WhatIsExcludedTakesItsDownstreams) {
  EXPECT_EQ(Words({}, {"stg_a"}), "py src.ff stg_b.ff");
  EXPECT_EQ(Words({"mart"}, {"stg_b"}), "src.ff stg_a.ff");
  EXPECT_EQ(Words({}, {"src"}), "py");
}

TEST(Selection, ThePast) {
  const SelectionPast past{.failed = {"stg_b.ff"}, .modified = {"stg_a.ff"}};
  EXPECT_EQ(Words({"result:error"}, {}, past), "src.ff stg_b.ff");
  EXPECT_EQ(Words({"state:modified"}, {}, past), "src.ff stg_a.ff");
  EXPECT_EQ(Words({"state:modified+"}, {}, past), "mart.ff src.ff stg_a.ff stg_b.ff");
}

TEST(Selection, FaultsNameTheToken) {
  EXPECT_EQ(Words({"nothing*"}), "'nothing*' selects no model of shop");
  EXPECT_EQ(Words({"tags:x"}),
            "'tags:x' is no selection: it is a glob, tag:T, type:M, kind:sql, kind:python, "
            "result:error, result:success, state:modified or state:modified+");
}

}  // namespace
}  // namespace fft
