#include "client/frontends/fastflowtransform/project_files.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

namespace fs = std::filesystem;

std::string FaultOf(const std::string& text) {
  const auto settings = ReadProjectSettings("project.yml", text);
  return settings.ok() ? "none" : Message(settings.status());
}

TEST(ProjectSettings, AreReadWithTheTypesOfYaml) {
  const auto settings = ReadProjectSettings("project.yml", R"(name: demo
version: "0.1"
vars: {day: 2012-01-01, n: 3, on: yes}
models:
  storage: {users.ff: {path: x}}
  incremental: {events.ff: {unique_key: [id]}}
seeds: {}
tests: []
docs: {dag_dir: site/dag}
)");
  ASSERT_TRUE(settings.ok()) << Message(settings.status());
  EXPECT_EQ(settings->name, "demo");
  EXPECT_EQ(settings->version, "0.1");
  EXPECT_EQ(settings->vars, R"({"day":"2012-01-01","n":3,"on":true})");
  EXPECT_EQ(settings->storage, R"({"users.ff":{"path":"x"}})");
  EXPECT_EQ(settings->incremental, R"({"events.ff":{"unique_key":["id"]}})");
  EXPECT_EQ(settings->dag_folder, "site/dag");
  EXPECT_THAT(settings->left_out, testing::IsEmpty());
}

TEST(ProjectSettings, SayWhatIsLeftOut) {
  const auto settings = ReadProjectSettings(
      "project.yml", "name: demo\nvars:\ntests:\n- {type: not_null}\nhooks: {before: [x]}\n");
  ASSERT_TRUE(settings.ok()) << Message(settings.status());
  EXPECT_EQ(settings->vars, "{}");
  EXPECT_THAT(settings->left_out, testing::ElementsAre("project.yml:3: 'tests' is left out",
                                                       "project.yml:5: 'hooks' is left out"));
}

TEST(ProjectSettings, FaultsNameTheirPlace) {
  EXPECT_THAT(FaultOf("name: a\nmodel: {}\n"),
              testing::StartsWith("project.yml:2:1: unknown key 'model' in the project; known: "));
  EXPECT_EQ(FaultOf("version: 1\n"), "project.yml:1:1: the project: 'name' is missing");
  EXPECT_EQ(FaultOf("name: a\nvars: 3\n"), "project.yml:2:1: the project: 'vars' must be a map");
  EXPECT_THAT(FaultOf("name: a\nmodels: {storag: {}}\n"),
              testing::StartsWith("project.yml:2:10: unknown key 'storag'"));
  EXPECT_EQ(FaultOf("name: a\nvars: {x: 1, x: 2}\n"), "project.yml:2:14: key 'x' is there twice");
}

TEST(ProjectFiles, AreFoundByWhatTheyAre) {
  const TemporaryFolder folder;
  for (const char* path :
       {"models/b.ff.sql", "models/sub/a.ff.sql", "models/p.ff.py", "models/notes.txt",
        "models/plain.sql", "models/macros/m.sql", "models/macros/deep/n.sql.j2",
        "models/macros_py/f.py", "models/.hidden/x.ff.sql", "models/.y.ff.sql", "seeds/u.csv",
        "seeds/deep/v.csv", "seeds/schema.yml", "elsewhere/w.csv"}) {
    const fs::path file = folder / path;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << path;
  }
  const auto paths = [](const std::vector<ProjectFile>& files) {
    std::vector<std::string> all;
    for (const ProjectFile& file : files) {
      EXPECT_EQ(file.text, file.path);
      all.push_back(file.path);
    }
    return all;
  };
  const auto files = FindProjectFiles(folder.path(), folder / "seeds");
  ASSERT_TRUE(files.ok()) << Message(files.status());
  using testing::ElementsAre;
  EXPECT_THAT(paths(files->sql_models), ElementsAre("models/b.ff.sql", "models/sub/a.ff.sql"));
  EXPECT_THAT(paths(files->python_models), ElementsAre("models/p.ff.py"));
  EXPECT_THAT(paths(files->macros),
              ElementsAre("models/macros/deep/n.sql.j2", "models/macros/m.sql"));
  EXPECT_THAT(paths(files->functions), ElementsAre("models/macros_py/f.py"));
  EXPECT_THAT(files->seeds, ElementsAre("deep/v.csv", "u.csv"));
  EXPECT_THAT(FindProjectFiles(folder.path(), folder / "elsewhere")->seeds, ElementsAre("w.csv"));
  EXPECT_THAT(FindProjectFiles(folder / "seeds", folder / "none")->sql_models, testing::IsEmpty());
}

TEST(ProjectFiles, NameRelations) {
  EXPECT_EQ(RelationOf("models/staging/stg_users.ff.sql"), "stg_users");
  EXPECT_EQ(RelationOf("a.b.ff.py"), "a.b");
}

}  // namespace
}  // namespace fft
