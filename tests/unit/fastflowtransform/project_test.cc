#include "client/frontends/fastflowtransform/project.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A project of the cache demo's shape.
class FftProjectTest : public testing::Test {
 protected:
  FftProjectTest() {
    Write("project.yml", "name: demo\nversion: '1'\nvars: {day: 2012-01-01}\n");
    Write("profiles.yml",
          "dev:\n  engine: postgres\n  postgres: {dsn: \"{{ env('FF_PG_DSN') }}\", db_schema: "
          "mart}\n");
    Write(".env", "FF_PG_DSN=postgresql+psycopg://ann:pw@db/shop?sslmode=disable\n");
    Write("sources.yml",
          "version: 2\nsources:\n- {name: crm, schema: mart, tables: [{name: users, identifier: "
          "seed_users}]}\n");
    Write("seeds/seed_users.csv", "id,name\n1,ann\n");
    Write("seeds/seed_orders.csv", "id,user\n1,1\n");
    Write("models/staging/stg_users.ff.sql", "select * from {{ source('crm', 'users') }}\n");
    Write("models/staging/stg_orders.ff.sql",
          "{{ config(materialized='view') }}\nselect * from {{ ref('seed_orders') }}");
    Write("models/mart_user_orders.ff.sql",
          "select '{{ var('day') }}' from {{ ref('stg_users.ff') }} join {{ ref('stg_orders') }}");
    Write("models/py_constants.ff.py",
          "from fastflowtransform import model\n@model()\ndef py_constants():\n    return 1\n");
    Write("models/http_users.ff.py",
          "from fastflowtransform import model\n@model(deps=['seed_orders', 'stg_users.ff'])\n"
          "def http_users(orders, users):\n    return users\n");
  }
  void Write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  StatusOr<FftProject> Load(const Variables& environment = {}) const {
    return LoadFftProject({.folder = folder_.path(),
                           .env = "dev",
                           .vars = vars_,
                           .environment = environment,
                           .packages = FFT_SOURCE_DIR "/client/python"});
  }
  std::string Fault() const {
    const auto project = Load();
    if (project.ok()) return "none";
    std::string message = Message(project.status());
    for (std::size_t at = message.find(folder_.path()); at != std::string::npos;
         at = message.find(folder_.path()))
      message.erase(at, folder_.path().size() + 1);
    return message;
  }
  std::map<std::string, std::string> FingerprintsNow(const Variables& environment = {}) const {
    const auto project = Load(environment);
    EXPECT_TRUE(project.ok()) << Message(project.status());
    std::map<std::string, std::string> all;
    if (project.ok())
      for (const FftModel& model : project->models) all[model.name] = model.fingerprint;
    return all;
  }
  /// The models whose fingerprints differ from `before`.
  std::vector<std::string> ChangedSince(const std::map<std::string, std::string>& before) const {
    std::vector<std::string> names;
    for (const auto& [name, fingerprint] : FingerprintsNow())
      if (!before.contains(name) || before.at(name) != fingerprint) names.push_back(name);
    return names;
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> vars_;
};

TEST_F(FftProjectTest, IsReadRenderedAndOrdered) {
  const auto project = Load({{"HOME", "/"}});
  ASSERT_TRUE(project.ok()) << Message(project.status());
  EXPECT_EQ(project->settings.name, "demo");
  EXPECT_EQ(project->profile.dsn, "postgresql://ann:pw@db/shop?sslmode=disable");
  EXPECT_THAT(project->warnings, IsEmpty());
  std::vector<std::string> names;
  for (const FftModel& model : project->models)
    names.push_back(model.name + " " + std::to_string(model.level));
  EXPECT_THAT(names, ElementsAre("py_constants 0", "stg_orders.ff 0", "stg_users.ff 0",
                                 "http_users 1", "mart_user_orders.ff 1"));
  const FftModel& orders = project->models[1];
  EXPECT_EQ(orders.materialized, "view");
  EXPECT_EQ(orders.text, "\nselect * from \"mart\".\"seed_orders\"");
  EXPECT_THAT(orders.seeds, ElementsAre("seed_orders"));
  EXPECT_THAT(orders.deps, IsEmpty());
  EXPECT_THAT(project->models[2].seeds, ElementsAre("seed_users"));
  const FftModel& http = project->models[3];
  EXPECT_TRUE(http.is_python);
  EXPECT_EQ(http.function, "http_users");
  EXPECT_THAT(http.deps, ElementsAre("stg_users.ff"));
  EXPECT_THAT(http.seeds, ElementsAre("seed_orders"));
  EXPECT_THAT(http.arguments, ElementsAre("seed_orders", "stg_users"));
  EXPECT_EQ(project->models[4].text,
            "select '2012-01-01' from \"mart\".\"stg_users\" join \"mart\".\"stg_orders\"");
}

TEST_F(FftProjectTest, AChangeTravelsDownstreamAndNowhereElse) {
  const auto before = FingerprintsNow();
  EXPECT_THAT(ChangedSince(before), IsEmpty());
  Write("models/py_constants.ff.py",
        "from fastflowtransform import model\n@model()\ndef py_constants():\n    return 2\n");
  EXPECT_THAT(ChangedSince(before), ElementsAre("py_constants"));
  const auto edited = FingerprintsNow();
  Write("seeds/seed_users.csv", "id,name\n1,ann\n2,ben\n");
  EXPECT_THAT(ChangedSince(edited),
              ElementsAre("http_users", "mart_user_orders.ff", "stg_users.ff"));
  const auto reseeded = FingerprintsNow();
  Write("models/staging/stg_users.ff.sql", "select 1 from {{ source('crm', 'users') }}\n");
  EXPECT_THAT(ChangedSince(reseeded),
              ElementsAre("http_users", "mart_user_orders.ff", "stg_users.ff"));
  const auto selected = FingerprintsNow();
  Write("models/staging/stg_users.ff.sql",
        "\r\nselect 1 from {{ source('crm', 'users') }}  \r\n\n");
  EXPECT_THAT(ChangedSince(selected), IsEmpty());
  Write(".env.dev", "FF_ANY=1\n");
  EXPECT_EQ(ChangedSince(selected).size(), 5U);
  fs::remove(folder_ / ".env.dev");
  EXPECT_THAT(ChangedSince(selected), IsEmpty());
  vars_["day"] = "2013-01-01";
  EXPECT_THAT(ChangedSince(selected), ElementsAre("mart_user_orders.ff"));
}

TEST_F(FftProjectTest, ColleaguesWithLoginsOfTheirOwnHaveTheSameFingerprints) {
  Write(".env", "");
  EXPECT_EQ(FingerprintsNow({{"FF_PG_DSN", "postgresql://ann:one@db/shop"}}),
            FingerprintsNow({{"FF_PG_DSN", "postgresql://ann:two@db/shop"}}));
}

TEST_F(FftProjectTest, AnIncrementalModelCountsWithBothItsTexts) {
  const std::string head = "{{ config(materialized='incremental', unique_key='id') }}select 1";
  Write("models/inc.ff.sql", head + "{% if is_incremental() %} where 1 = 1{% endif %}");
  const auto before = FingerprintsNow();
  Write("models/inc.ff.sql", head + "{% if is_incremental() %} where 1 = 2{% endif %}");
  EXPECT_THAT(ChangedSince(before), ElementsAre("inc.ff"));
}

TEST_F(FftProjectTest, AllFaultsOfModelsAreToldAtOnce) {
  Write("models/a.ff.sql", "select\n{{ nothing }}");
  Write("models/b.ff.py", "import no_such_module\n");
  EXPECT_EQ(Fault(),
            "models/b.ff.py:1: ModuleNotFoundError: No module named 'no_such_module'\n"
            "models/a.ff.sql:2: 'nothing' is undefined");
}

TEST_F(FftProjectTest, AFaultThatSeveralModelsHaveIsToldOnce) {
  Write("models/macros/half.sql", "{% macro half() %}{{ nothing }}{% endmacro %}");
  Write("models/a.ff.sql", "select {{ half() }}");
  Write("models/b.ff.sql", "select 1 + {{ half() }}");
  EXPECT_EQ(Fault(), "models/macros/half.sql:1: 'nothing' is undefined");
}

TEST_F(FftProjectTest, SqlRefersToPythonModels) {
  Write("models/all.ff.sql", "select * from {{ ref('http_users') }}, {{ ref('py_constants.ff') }}");
  const auto project = Load();
  ASSERT_TRUE(project.ok()) << Message(project.status());
  const FftModel& all = project->models.back();
  EXPECT_EQ(all.name, "all.ff");
  EXPECT_EQ(all.text, "select * from \"mart\".\"http_users\", \"mart\".\"py_constants\"");
  EXPECT_THAT(all.deps, ElementsAre("http_users", "py_constants"));
  EXPECT_EQ(all.level, 2);
  const auto before = FingerprintsNow();
  Write("models/py_constants.ff.py",
        "from fastflowtransform import model\n@model()\ndef py_constants():\n    return 2\n");
  EXPECT_THAT(ChangedSince(before), ElementsAre("all.ff", "py_constants"));
}

TEST_F(FftProjectTest, APythonModelsRowsAreATableOfTheirOwn) {
  const std::string head = "from fastflowtransform import model\n@model(materialized='";
  Write("models/p.ff.py", head + "view')\ndef p(): pass\n");
  const auto project = Load();
  ASSERT_TRUE(project.ok()) << Message(project.status());
  EXPECT_THAT(project->warnings,
              ElementsAre(HasSubstr("models/p.ff.py: p is no query that a view could hold")));
  Write("models/p.ff.py", head + "ephemeral')\ndef p(): pass\n");
  EXPECT_EQ(Fault(), "models/p.ff.py: a Python model can't be ephemeral as p is");
}

TEST_F(FftProjectTest, SeedsAreReadWithoutModels) {
  Write("models/a.ff.sql", "{{ nothing }}");
  const auto project = LoadFftProject({.folder = folder_.path(),
                                       .env = "dev",
                                       .packages = FFT_SOURCE_DIR "/client/python",
                                       .is_for_seeds = true});
  ASSERT_TRUE(project.ok()) << Message(project.status());
  EXPECT_EQ(project->seeds.size(), 2U);
  EXPECT_THAT(project->models, IsEmpty());
}

TEST_F(FftProjectTest, FaultsOfTheWholeNameTheirCulprits) {
  Write("models/sub/stg_users.ff.sql", "select 1");
  EXPECT_EQ(Fault(),
            "models/sub/stg_users.ff.sql: stg_users.ff is declared in "
            "models/staging/stg_users.ff.sql, too");
  fs::remove_all(folder_ / "models/sub");
  Write("models/p.ff.py",
        "from fastflowtransform import model\n@model(deps=['nobody.ff'])\ndef p(x): pass\n");
  EXPECT_EQ(Fault(), "models/p.ff.py: p depends on nobody.ff, which is no model and no seed");
  Write("models/p.ff.py",
        "from fastflowtransform import model\n@model(deps=['q'])\ndef p(x): pass\n"
        "@model(deps=['p', 'py_constants'])\ndef q(x, y): pass\n@model(deps=['q'])\ndef r(x): "
        "pass\n");
  EXPECT_EQ(Fault(), "models/p.ff.py: models go round in a circle: p -> q -> p");
}

TEST_F(FftProjectTest, FaultsOfItsFilesNameThem) {
  Write("profiles.yml", "dev:\n  postgres: {dsn: \"{{ env('NOT_SET') }}\"}\n");
  EXPECT_EQ(Fault(),
            "profiles.yml:2: environment variable 'NOT_SET' is not set and has no default");
  Write("profiles.yml", "prod: {engine: postgres}\n");
  EXPECT_THAT(Fault(), HasSubstr("profiles.yml:1:1: there is no environment 'dev'"));
  fs::remove(folder_ / "project.yml");
  EXPECT_EQ(Fault(), "project.yml: No such file or directory");
}

}  // namespace
}  // namespace fft
