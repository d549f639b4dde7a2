#include "server/schedule/catalog.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(Catalog, RefsAreInternedDenselyAndByNamespace) {
  Catalog catalog;
  bool is_new = false;
  const NamespaceId dev = catalog.InternNamespace("dev", &is_new).id;
  EXPECT_TRUE(is_new);
  const NamespaceId prod = catalog.InternNamespace("prod", &is_new).id;
  EXPECT_EQ(catalog.InternNamespace("dev", &is_new).id, dev);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(catalog.Intern(dev, "a", &is_new), PartitionId{1});
  EXPECT_TRUE(is_new);
  EXPECT_EQ(catalog.Intern(prod, "a", &is_new), PartitionId{2});
  EXPECT_EQ(catalog.Intern(dev, "a", &is_new), PartitionId{1});
  EXPECT_FALSE(is_new);
  EXPECT_EQ(catalog.Find(prod, "a"), PartitionId{2});
  EXPECT_FALSE(catalog.Find(prod, "b"));
  EXPECT_FALSE(catalog.FindNamespace("test"));
  EXPECT_EQ(catalog.ns(prod).name, "prod");
  EXPECT_EQ(catalog.size(), 2U);
}

TEST(Catalog, ComesBackAsItWasAndGoesOn) {
  Catalog catalog = Catalog::Restore(
      {{NamespaceId{1}, "dev"}},
      {{.id = PartitionId{1}, .ns = NamespaceId{1}, .ref = "a", .live = {.run = RunId{4}}},
       {.id = PartitionId{2}, .ns = NamespaceId{1}, .ref = "b"}});
  EXPECT_EQ(catalog.Find(NamespaceId{1}, "b"), PartitionId{2});
  EXPECT_EQ(catalog.at(PartitionId{1}).live.run, RunId{4});
  bool is_new = false;
  EXPECT_EQ(catalog.Intern(NamespaceId{1}, "c", &is_new), PartitionId{3});
  EXPECT_EQ(catalog.Find(NamespaceId{1}, "a"), PartitionId{1});
}

TEST(Catalog, RefsStayFoundHoweverManyThereAre) {
  Catalog catalog;
  bool is_new = false;
  const NamespaceId ns = catalog.InternNamespace("dev", &is_new).id;
  for (int i = 1; i <= 5'000; ++i)
    ASSERT_EQ(catalog.Intern(ns, "some/long/ref/" + std::to_string(i), &is_new), PartitionId{i});
  for (int i = 1; i <= 5'000; ++i)
    ASSERT_EQ(catalog.Find(ns, "some/long/ref/" + std::to_string(i)), PartitionId{i});
}

}  // namespace
}  // namespace fft
