#include "client/frontends/fastflowtransform/dag_site.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/base/percent.h"
#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

using testing::HasSubstr;
using testing::Not;

class DagSiteTest : public testing::Test {
 protected:
  DagSiteTest() {
    project_.folder = folder_.path();
    project_.settings.name = "shop & co";
    project_.profile.schema = "mart";
    project_.sources["crm"]["users"] = {"raw", "seed_users"};
    project_.macros = {"models/macros/cents.sql"};
    Add("a/b.ff", {}, 0, "select '<b>' as x");
    Add("py", {"a/b.ff"}, 1, "def py(): pass");
    project_.models.back().is_python = true;
  }
  void Add(const std::string& name, std::vector<std::string> deps, int level,
           const std::string& text) {
    FftModel& model = project_.models.emplace_back();
    model.name = name;
    model.relation = name;
    model.path = "models/" + name;
    model.materialized = "table";
    model.deps = std::move(deps);
    model.level = level;
    model.text = text;
    model.fingerprint = std::string(64, 'f');
  }
  const TemporaryFolder folder_;
  FftProject project_;
};

TEST_F(DagSiteTest, EveryLinkLeadsToAPageAndNothingComesFromTheNet) {
  ASSERT_TRUE(WriteDagSite(project_, folder_ / "site").ok());
  int links = 0;
  for (const auto& page : std::filesystem::recursive_directory_iterator(folder_ / "site")) {
    if (!page.is_regular_file()) continue;
    const std::string path = std::filesystem::relative(page.path(), folder_.path()).string();
    const std::string html = folder_.Read(path);
    for (const std::string attribute : {"href=\"", "src=\""})
      for (std::size_t at = html.find(attribute); at != std::string::npos;
           at = html.find(attribute, at + 1), ++links) {
        const std::size_t begin = at + attribute.size();
        const auto target = page.path().parent_path() /
                            PercentDecoded(html.substr(begin, html.find('"', begin) - begin));
        EXPECT_TRUE(std::filesystem::exists(target)) << path << " links to " << target;
      }
    EXPECT_THAT(html, Not(HasSubstr("https://")));
    EXPECT_THAT(html, Not(HasSubstr("<script")));
  }
  EXPECT_EQ(links, 4 + 2 + 2) << "boxes and rows; back to the index; each other";
}

TEST_F(DagSiteTest, TellsModelsSourcesAndMacrosEscaped) {
  ASSERT_TRUE(WriteDagSite(project_, folder_ / "site").ok());
  const std::string index = folder_.Read("site/index.html");
  EXPECT_THAT(index, HasSubstr("<h1>shop &amp; co</h1>"));
  EXPECT_THAT(index, HasSubstr("raw.seed_users"));
  EXPECT_THAT(index, HasSubstr("models/macros/cents.sql"));
  EXPECT_THAT(index, HasSubstr("<path d=\"M220 37C")) << "what reads what";
  const std::string model = folder_.Read("site/model/a%2Fb.ff.html");
  EXPECT_THAT(model, HasSubstr("select '&lt;b&gt;' as x"));
  EXPECT_THAT(model, HasSubstr(std::string(64, 'f')));
}

TEST_F(DagSiteTest, StandsWhereTheProjectSays) {
  EXPECT_EQ(DagFolderOf(project_), folder_ / ".fastflowtransform/target/site/dag");
  project_.settings.dag_folder = "docs/dag";
  EXPECT_EQ(DagFolderOf(project_), folder_ / "docs/dag");
}

}  // namespace
}  // namespace fft
