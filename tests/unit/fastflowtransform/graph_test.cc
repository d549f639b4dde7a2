#include "client/frontends/fastflowtransform/graph.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

namespace v1 = build::v1;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr char kDecorated[] = "from fastflowtransform import model\n";
const std::string kPackages = FFT_SOURCE_DIR "/client/python";

std::string KindOf(const v1::Input& input) {
  const std::string ref = v1::InputKind_Name(input.kind()) + " " + input.ref();
  return input.identity() == v1::IDENTITY_NONE ? ref + " NONE" : ref;
}

class FftGraphTest : public testing::Test {
 protected:
  FftGraphTest() {
    Write("project.yml", "name: demo\n");
    Write("profiles.yml",
          "dev:\n  engine: postgres\n  postgres: {dsn: \"{{ env('FF_PG_DSN') }}\", db_schema: "
          "mart}\n");
    Write(".env", "FF_PG_DSN=postgresql+psycopg://ann:s3cretpw@db/shop\nSERVICE_KEY=k3yvalue\n");
    Write("sources.yml",
          "version: 2\nsources:\n- {name: crm, schema: mart, tables: [{name: users, identifier: "
          "seed_users}]}\n");
    Write("seeds/seed_users.csv", "id,name\n1,ann\n");
    Write("models/stg_users.ff.sql", "select * from {{ source('crm', 'users') }}\n");
  }
  void Write(const std::string& path, const std::string& text) const { folder_.Write(path, text); }
  void WriteIncremental(const std::string& config) const {
    Write("models/inc.ff.sql", "{{ config(materialized='incremental'" + config +
                                   ") }}select 1 as id{% if is_incremental() %} where 1 = 2{% "
                                   "endif %}");
  }

  FftProject Load(Variables environment = {}) const {
    auto project = LoadFftProject({.folder = folder_.path(),
                                   .env = "dev",
                                   .vars = {},
                                   .environment = std::move(environment),
                                   .packages = kPackages});
    EXPECT_TRUE(project.ok()) << Message(project.status());
    return project.ok() ? *std::move(project) : FftProject();
  }
  static FftGraph ModelsOf(const FftProject& project) {
    auto graph = MakeModelGraph(project, kPlace);
    EXPECT_TRUE(graph.ok()) << Message(graph.status());
    return graph.ok() ? *std::move(graph) : FftGraph();
  }
  FftGraph Models(const Variables& environment = {}) const { return ModelsOf(Load(environment)); }
  std::string Fault() const {
    const auto graph = MakeModelGraph(Load(), kPlace);
    return graph.ok() ? "none" : Message(graph.status());
  }
  static v1::JobSpec JobOf(const FftGraph& graph, const std::string& label) {
    for (const v1::JobSpec& job : graph.spec.jobs())
      if (job.label() == label) return job;
    ADD_FAILURE() << "no job " << label;
    return {};
  }
  v1::JobSpec Job(const std::string& label) const { return JobOf(Models(), label); }
  static std::vector<std::string> InputsOf(const v1::JobSpec& job) {
    std::vector<std::string> inputs;
    for (const v1::Input& input : job.inputs()) inputs.push_back(KindOf(input));
    return inputs;
  }
  /// What the file `path` of a job says.
  static std::string TextOf(const FftGraph& graph, const v1::JobSpec& job,
                            const std::string& path) {
    for (const v1::FrozenFile& file : job.files())
      for (const auto& [digest, text] : graph.texts)
        if (file.path() == path && file.digest() == std::string(digest.view())) {
          EXPECT_EQ(file.size_bytes(), static_cast<std::int64_t>(text.size()));
          return text;
        }
    return "none";
  }
  /// Facts that the environment of a job tells, without their values.
  static std::vector<std::string> FactsOf(const v1::JobSpec& job) {
    std::vector<std::string> names;
    for (const auto& [name, value] : job.env()) names.push_back(name);
    return names;
  }

  inline static const FftPlace kPlace = {"db:5432:shop:mart", "postgresql://db:5432/shop/mart",
                                         kPackages};
  TemporaryFolder folder_;
};

TEST_F(FftGraphTest, AModelIsAJobThatLeavesARelation) {
  Write("models/mart.ff.sql",
        "{{ config(materialized='view') }}select * from {{ ref('stg_users') "
        "}}");
  const FftProject project = Load();
  const FftGraph graph = ModelsOf(project);
  EXPECT_EQ(graph.spec.name(), "demo.dev");
  EXPECT_EQ(graph.spec.default_namespace(), "db:5432:shop:mart");
  EXPECT_EQ(graph.spec.root_uri(), "postgresql://db:5432/shop/mart");
  ASSERT_EQ(graph.spec.jobs_size(), 2);
  const v1::JobSpec stg = JobOf(graph, "stg_users.ff"), mart = JobOf(graph, "mart.ff");
  EXPECT_THAT(stg.outputs(), ElementsAre("stg_users"));
  EXPECT_THAT(mart.outputs(), ElementsAre("mart"));
  EXPECT_EQ(stg.runner(), v1::RUNNER_SQL);
  EXPECT_THAT(InputsOf(mart), ElementsAre("MATERIALIZE stg_users"));
  EXPECT_EQ(stg.sql().materialization(), v1::MATERIALIZATION_TABLE);
  EXPECT_EQ(mart.sql().materialization(), v1::MATERIALIZATION_VIEW);
  EXPECT_EQ(stg.sql().query(), "models/stg_users.ff.sql");
  EXPECT_EQ(TextOf(graph, stg, stg.sql().query()), "select * from \"mart\".\"seed_users\"");
  EXPECT_EQ(stg.annotations().at("node_name"), "stg_users.ff");
  EXPECT_EQ(stg.annotations().at("fingerprint"), project.models.front().fingerprint);
  EXPECT_THAT(stg.sql().delta_query(), IsEmpty());
  EXPECT_THAT(graph.secrets, IsEmpty());
  EXPECT_THAT(stg.environment_secret(), IsEmpty());
}

TEST_F(FftGraphTest, ASeedIsAQueryInputWhoseDigestIsAFact) {
  const FftProject project = Load();
  const v1::JobSpec job = JobOf(ModelsOf(project), "stg_users.ff");
  EXPECT_THAT(InputsOf(job), ElementsAre("QUERY seed_users NONE"));
  EXPECT_EQ(job.env().at("SEED_seed_users"), project.seeds.front().content.substr(0, 12));
  Write("seeds/seed_users.csv", "id,name\n1,ann\n2,ben\n");
  EXPECT_NE(Job("stg_users.ff").env().at("SEED_seed_users"), job.env().at("SEED_seed_users"));
}

TEST_F(FftGraphTest, AnEphemeralModelIsReadThrough) {
  Write("models/inner.ff.sql",
        "{{ config(materialized='ephemeral') }}select * from {{ ref('stg_users') }}, {{ "
        "source('crm', 'users') }}");
  Write("models/outer.ff.sql",
        "{{ config(materialized='ephemeral') }}select * from {{ ref('inner') }}");
  Write("models/mart.ff.sql", "select * from {{ ref('outer') }}");
  const FftGraph graph = Models();
  EXPECT_EQ(graph.spec.jobs_size(), 2);
  const v1::JobSpec mart = JobOf(graph, "mart.ff");
  EXPECT_THAT(InputsOf(mart), ElementsAre("MATERIALIZE stg_users", "QUERY seed_users NONE"));
  EXPECT_THAT(TextOf(graph, mart, "models/mart.ff.sql"), HasSubstr("\"mart\".\"stg_users\""));
}

TEST_F(FftGraphTest, OfVariablesOnlyDigestsAreTold) {
  Write("models/py.ff.py", std::string(kDecorated) +
                               "@model(deps=['stg_users.ff'])\n"
                               "def py(users):\n    return users\n");
  const Variables environment = {{"FF_TOKEN", "t0kenvalue"}, {"OTHER", "0thervalue"}};
  const FftGraph graph = Models(environment);
  const std::string spec = graph.spec.SerializeAsString() + graph.spec.DebugString();
  for (const char* secret : {"s3cretpw", "k3yvalue", "t0kenvalue", "0thervalue", "ann:"})
    EXPECT_THAT(spec, Not(HasSubstr(secret)));
  for (const auto& [digest, text] : graph.texts)
    for (const char* secret : {"s3cretpw", "k3yvalue", "t0kenvalue", "0thervalue"})
      EXPECT_THAT(text, Not(HasSubstr(secret)));
  EXPECT_THAT(FactsOf(JobOf(graph, "stg_users.ff")),
              UnorderedElementsAre("ENGINE", "PROFILE", "SOURCES", "FF_PG_DSN", "FF_TOKEN",
                                   "SEED_seed_users"));
}

TEST_F(FftGraphTest, AnFfVariableIsAFactAndAPasswordIsNone) {
  const auto facts = [&](const Variables& environment) {
    const v1::JobSpec job = JobOf(Models(environment), "stg_users.ff");
    return std::map<std::string, std::string>(job.env().begin(), job.env().end());
  };
  EXPECT_NE(facts({{"FF_ANY", "1"}}), facts({{"FF_ANY", "2"}}));
  EXPECT_NE(facts({{"FF_ANY", "1"}}), facts({}));
  EXPECT_EQ(facts({{"ANY", "1"}}), facts({{"ANY", "2"}}));
  EXPECT_EQ(facts({{"FF_PG_DSN", "postgresql://ann:one@db/shop"}}),
            facts({{"FF_PG_DSN", "postgresql://ann:two@db/shop"}}));
}

TEST_F(FftGraphTest, AnIncrementalModelHasBothItsQueries) {
  WriteIncremental(", unique_key='id'");
  const FftGraph graph = Models();
  const v1::JobSpec job = JobOf(graph, "inc.ff");
  EXPECT_EQ(job.sql().materialization(), v1::MATERIALIZATION_INCREMENTAL);
  EXPECT_THAT(job.sql().unique_key(), ElementsAre("id"));
  EXPECT_EQ(job.sql().on_schema_change(), v1::ON_SCHEMA_CHANGE_IGNORE);
  EXPECT_EQ(TextOf(graph, job, job.sql().query()), "select 1 as id");
  EXPECT_EQ(TextOf(graph, job, job.sql().delta_query()), "select 1 as id where 1 = 2");
}

TEST_F(FftGraphTest, UniqueKeysAreSaidInManyWays) {
  for (const char* config :
       {", unique_key=['a', 'b']", ", primary_key=['a', 'b']",
        ", incremental={'unique_key': ['a', 'b']}",
        ", incremental={'unique_key': ['a', 'b']}, unique_key='c', primary_key='d'"}) {
    WriteIncremental(config);
    EXPECT_THAT(Job("inc.ff").sql().unique_key(), ElementsAre("a", "b")) << config;
  }
  WriteIncremental("");
  EXPECT_THAT(Job("inc.ff").sql().unique_key(), IsEmpty());
}

TEST_F(FftGraphTest, SchemaChangesAreOneOfThree) {
  WriteIncremental(", incremental={'on_schema_change': 'append_new_columns'}");
  EXPECT_EQ(Job("inc.ff").sql().on_schema_change(), v1::ON_SCHEMA_CHANGE_APPEND_NEW_COLUMNS);
  WriteIncremental(", incremental={'on_schema_change': 'sync_all_columns'}");
  EXPECT_EQ(Job("inc.ff").sql().on_schema_change(), v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS);
  WriteIncremental(", incremental={'on_schema_change': 'fail'}");
  EXPECT_EQ(Fault(),
            "models/inc.ff.sql: on_schema_change 'fail' is none of ignore, append_new_columns, "
            "sync_all_columns");
}

TEST_F(FftGraphTest, DeltaSqlGoesOverWhatTheTemplateSays) {
  WriteIncremental(", incremental={'delta_sql': 'select 7 as id'}");
  const FftGraph graph = Models();
  const v1::JobSpec job = JobOf(graph, "inc.ff");
  EXPECT_EQ(TextOf(graph, job, job.sql().delta_query()), "select 7 as id");
}

TEST_F(FftGraphTest, AQueryThatIsNeverOtherHasNoDelta) {
  Write("models/inc.ff.sql", "{{ config(materialized='incremental') }}select 1 as id");
  EXPECT_THAT(Job("inc.ff").sql().delta_query(), IsEmpty());
}

TEST_F(FftGraphTest, TheProjectGoesOverWhatAModelSays) {
  WriteIncremental(", incremental={'unique_key': 'a', 'on_schema_change': 'sync_all_columns'}");
  Write("project.yml",
        "name: demo\nmodels:\n  incremental:\n    inc: {unique_key: [b, c], delta_sql: select 8}\n"
        "    other.ff: {unique_key: d}\n");
  const FftGraph graph = Models();
  const v1::JobSpec job = JobOf(graph, "inc.ff");
  EXPECT_THAT(job.sql().unique_key(), ElementsAre("b", "c"));
  EXPECT_EQ(job.sql().on_schema_change(), v1::ON_SCHEMA_CHANGE_SYNC_ALL_COLUMNS);
  EXPECT_EQ(TextOf(graph, job, job.sql().delta_query()), "select 8");
  Write("project.yml",
        "name: demo\nmodels:\n  incremental:\n    inc.ff: {unique_key: e}\n    inc: {unique_key: "
        "f}\n");
  EXPECT_THAT(Job("inc.ff").sql().unique_key(), ElementsAre("e"));
}

TEST_F(FftGraphTest, HooksAreStatements) {
  Write("models/stg_users.ff.sql",
        "{{ config(pre_hook='set x = 1', post_hook=['grant a', 'grant b']) }}select 1");
  const v1::JobSpec job = Job("stg_users.ff");
  EXPECT_THAT(job.sql().pre_hooks(), ElementsAre("set x = 1"));
  EXPECT_THAT(job.sql().post_hooks(), ElementsAre("grant a", "grant b"));
}

TEST_F(FftGraphTest, TheScanLimitIsOfTheBudgetsOrTheEnvironment) {
  EXPECT_EQ(Job("stg_users.ff").limits().scan_max_bytes(), 0);
  Write("budgets.yml", "query_limits: {postgres: {max_bytes: 5k}}");
  EXPECT_EQ(Job("stg_users.ff").limits().scan_max_bytes(), 5120);
  EXPECT_EQ(JobOf(Models({{"FF_PG_MAX_BYTES", "1m"}}), "stg_users.ff").limits().scan_max_bytes(),
            1 << 20);
}

TEST_F(FftGraphTest, ASeedThatIsReadThroughAnEphemeralModelCounts) {
  Write("models/through.ff.sql",
        "{{ config(materialized='ephemeral') }}select * from {{ ref('seed_users') }}");
  Write("models/last.ff.sql", "select * from {{ ref('through') }}");
  const auto env = JobOf(Models(), "last.ff").env();
  ASSERT_TRUE(env.contains("SEED_seed_users"));
  Write("seeds/seed_users.csv", "id,name\n9,zoe\n");
  EXPECT_NE(JobOf(Models(), "last.ff").env().at("SEED_seed_users"), env.at("SEED_seed_users"));
}

TEST_F(FftGraphTest, ASnapshotIsLeftOutAndItsReadersLookForIt) {
  Write("models/snap.ff.sql", "{{ config(materialized='snapshot') }}select 1 as id");
  Write("models/last.ff.sql", "select * from {{ ref('snap') }}");
  const FftGraph graph = Models();
  for (const v1::JobSpec& job : graph.spec.jobs()) EXPECT_NE(job.label(), "snap.ff");
  EXPECT_THAT(InputsOf(JobOf(graph, "last.ff")), ElementsAre("QUERY snap NONE"));
}

TEST_F(FftGraphTest, BracesAreDoubledWhereTemplatesStand) {
  Write("models/py.ff.py", std::string(kDecorated) +
                               "@model(name='p{x}')\ndef py():\n    return 1\n"
                               "@model(name='q', deps=['p{x}'])\ndef q(p):\n    return p\n");
  const FftGraph graph = Models();
  EXPECT_THAT(JobOf(graph, "p{x}").outputs(), ElementsAre("p{{x}}"));
  const v1::JobSpec reader = JobOf(graph, "q");
  EXPECT_THAT(InputsOf(reader), ElementsAre("MATERIALIZE p{{x}}"));
  EXPECT_THAT(reader.args(), ElementsAre("models/py.ff.py", "q", "p{{x}}"));
}

TEST_F(FftGraphTest, APythonModelIsAProgramWithArgumentsInTheirOrder) {
  const std::string source =
      "@model(name='report', deps=['stg_users.ff', 'seed_users', 'first.ff'])\n"
      "def make(users, seed, first):\n    return users\n";
  Write("models/py/make.ff.py", kDecorated + source);
  Write("models/first.ff.sql", "select 1");
  Write("models/py/shared.txt", "shared");
  Write(".git/config", "hidden");
  Write("__pycache__/x.pyc", "compiled");
  const FftGraph graph = Models();
  const v1::JobSpec job = JobOf(graph, "report");
  EXPECT_EQ(job.runner(), v1::RUNNER_SQL);
  EXPECT_THAT(job.outputs(), ElementsAre("report"));
  EXPECT_THAT(job.args(),
              ElementsAre("models/py/make.ff.py", "report", "stg_users", "seed_users", "first"));
  EXPECT_THAT(InputsOf(job),
              ElementsAre("MATERIALIZE first", "MATERIALIZE stg_users", "QUERY seed_users NONE"));
  EXPECT_THAT(job.sql().query(), IsEmpty());
  EXPECT_THAT(TextOf(graph, job, job.sql().program()), HasSubstr("fft_model.runner"));
  EXPECT_TRUE(job.files(0).executable());
  EXPECT_EQ(TextOf(graph, job, "models/py/make.ff.py.make"), source);
  // The files that travel, and what they are read from.
  std::string listing = "none";
  for (const auto& [digest, text] : graph.texts)
    if (job.context() == std::string(digest.view())) listing = text;
  EXPECT_THAT(listing, AllOf(HasSubstr(" project/models/py/make.ff.py\n"),
                             HasSubstr(" project/models/py/shared.txt\n"),
                             HasSubstr(" python/fft_model/runner.py\n"),
                             HasSubstr(" python/fastflowtransform/api/http.py\n")));
  EXPECT_THAT(listing, AllOf(Not(HasSubstr(".env")), Not(HasSubstr(".git")),
                             Not(HasSubstr("pycache")), Not(HasSubstr("fft_render"))));
  EXPECT_EQ(graph.files.at(Sha256("shared")), folder_ / "models/py/shared.txt");
}

TEST_F(FftGraphTest, AFileBesideAPythonModelIsNoFact) {
  Write("models/py.ff.py", std::string(kDecorated) + "@model()\ndef py():\n    return 1\n");
  v1::JobSpec before = Job("py");
  Write("notes.txt", "anything");
  v1::JobSpec after = Job("py");
  EXPECT_NE(before.context(), after.context());
  before.clear_context();
  after.clear_context();
  EXPECT_EQ(before.DebugString(), after.DebugString());
}

TEST_F(FftGraphTest, ThePythonEnvironmentIsASecret) {
  Write("models/py.ff.py", std::string(kDecorated) + "@model()\ndef py():\n    return 1\n");
  const FftGraph graph = Models({{"FF_TOKEN", "t0ken"},
                                 {"PATH", "/bin"},
                                 {"AWS_KEY", "0ther"},
                                 {"https_proxy", "http://proxy"},
                                 {"SERVICE_KEY", "over"},
                                 {"FF_TWO_LINES", "a\nEVIL=1"}});
  ASSERT_EQ(graph.secrets.size(), 1U);
  const auto& [name, lines] = *graph.secrets.begin();
  EXPECT_EQ(JobOf(graph, "py").environment_secret(), name);
  EXPECT_THAT(name, testing::StartsWith("environment/demo.dev/"));
  const std::string text = "\n" + lines;
  for (const char* line :
       {"\nFF_PG_DSN=postgresql+psycopg://ann:s3cretpw@db/shop\n", "\nFF_TOKEN=t0ken\n",
        "\nSERVICE_KEY=over\n", "\nFF_ENGINE=postgres\n", "\nhttps_proxy=http://proxy\n"})
    EXPECT_THAT(text, HasSubstr(line));
  EXPECT_THAT(text, HasSubstr("\nFF_HTTP_CACHE_DIR=" + folder_ / ".local/http-cache" + "\n"));
  for (const char* other : {"\nPATH=", "AWS_KEY", "EVIL"}) EXPECT_THAT(text, Not(HasSubstr(other)));
}

TEST_F(FftGraphTest, ModelsThatCannotBeMadeAreNamedByTheirFiles) {
  const std::string name(64, 'x');
  Write("models/" + name + ".ff.sql", "select 1");
  EXPECT_EQ(Fault(), "models/" + name + ".ff.sql: " + name +
                         " is longer than the 63 bytes of a name in PostgreSQL");
  std::filesystem::rename(folder_ / "models/" + name + ".ff.sql",
                          folder_ / "models/" + name.substr(1) + ".ff.sql");
  EXPECT_EQ(Fault(), "none");
  Write("models/inner.ff.sql", "{{ config(materialized='ephemeral') }}select 1");
  Write("models/py.ff.py",
        std::string(kDecorated) + "@model(deps=['inner'])\ndef py(x):\n    return x\n");
  EXPECT_THAT(Fault(), HasSubstr("models/py.ff.py: py reads inner.ff, which is ephemeral"));
}

TEST_F(FftGraphTest, ASeedIsAJobOfAGraphOfItsOwn) {
  Write("seeds/raw/places.csv", "code,area\n007,1.5\n");
  Write("seeds/schema.yml", "columns: {raw/places: {code: string}}\n");
  const auto graph = MakeSeedGraph(Load(), kPlace);
  ASSERT_TRUE(graph.ok()) << Message(graph.status());
  EXPECT_EQ(graph->spec.name(), "demo.dev.seeds");
  EXPECT_EQ(graph->spec.default_namespace(), "db:5432:shop:mart");
  ASSERT_EQ(graph->spec.jobs_size(), 2);
  const v1::JobSpec job = JobOf(*graph, "places");
  EXPECT_THAT(job.outputs(), ElementsAre("places"));
  EXPECT_THAT(InputsOf(job), IsEmpty());
  EXPECT_THAT(FactsOf(job), IsEmpty());
  EXPECT_EQ(job.sql().csv(), "seeds/places.csv");
  std::vector<std::string> columns;
  for (const v1::SqlColumn& column : job.sql().columns())
    columns.push_back(column.name() + " " + column.type());
  EXPECT_THAT(columns, ElementsAre("code text", "area double precision"));
  ASSERT_EQ(job.files_size(), 1);
  const Digest digest = Sha256("code,area\n007,1.5\n");
  EXPECT_EQ(job.files(0).digest(), std::string(digest.view()));
  EXPECT_EQ(job.files(0).size_bytes(), 18);
  EXPECT_EQ(graph->files.at(digest), folder_ / "seeds/raw/places.csv");
}

TEST_F(FftGraphTest, OnlySeedsThatAreChosenAreRead) {
  Write("seeds/broken.csv", "a,b\n1\n");
  const FftProject project = Load();
  const auto graph = MakeSeedGraph(project, kPlace, {"seed_*", "none"});
  ASSERT_TRUE(graph.ok()) << Message(graph.status());
  ASSERT_EQ(graph->spec.jobs_size(), 1);
  EXPECT_EQ(graph->spec.jobs(0).label(), "seed_users");
  EXPECT_THAT(Message(MakeSeedGraph(project, kPlace).status()), HasSubstr("broken.csv:2"));
  EXPECT_EQ(Message(MakeSeedGraph(project, kPlace, {"none"}).status()),
            "no seed of demo matches none");
}

TEST_F(FftGraphTest, ASeedOfAnotherSchemaIsRefused) {
  Write("seeds/schema.yml", "targets: {seed_users: {schema: raw}}\n");
  const auto graph = MakeSeedGraph(Load(), kPlace);
  ASSERT_FALSE(graph.ok());
  EXPECT_THAT(Message(graph.status()),
              AllOf(HasSubstr("seeds/seed_users.csv: "), HasSubstr("raw"), HasSubstr("mart")));
}

}  // namespace
}  // namespace fft
