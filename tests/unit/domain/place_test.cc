#include "server/domain/place.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

TEST(Place, DataIsBelowTheRootUnlessReportedElsewhere) {
  Partition partition{.id = PartitionId{1}, .ns = NamespaceId{1}, .ref = "a/b"};
  EXPECT_EQ(UriOf(partition, "file:///data"), "file:///data/a/b");
  partition.live.uri = "s3://x";
  EXPECT_EQ(UriOf(partition, "file:///data"), "s3://x");
}

TEST(Place, NoTwoNamespacesShareAFile) {
  GraphSpec spec;
  spec.name = "g";
  spec.root_uri = "file:///data";
  EXPECT_EQ(RootOf(spec, "g"), "file:///data");
  EXPECT_EQ(RootOf(spec, "dev"), "file:///data/.fft/namespace=dev");
  EXPECT_EQ(RootOf(spec, ".."), "file:///data/.fft/namespace=..");
  spec.default_namespace = "dev";
  EXPECT_EQ(RootOf(spec, "dev"), "file:///data");
  EXPECT_EQ(RootOf(spec, "g"), "file:///data/.fft/namespace=g");
  spec.root_uri = "postgresql://h:5432/d/s";
  EXPECT_EQ(RootOf(spec, "g"), "postgresql://h:5432/d/s");
}

}  // namespace
}  // namespace fft
