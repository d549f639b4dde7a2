#include "client/worker/manifest.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

std::string Complaint(const std::string& said, const std::string& file) {
  const auto manifest = ParseManifest(said, file, {"a", "b"});
  return manifest.ok() ? "" : Message(manifest.status());
}

TEST(ManifestTest, NothingSaidIsFine) {
  const auto manifest = ParseManifest("", "", {"a"});
  ASSERT_TRUE(manifest.ok());
  EXPECT_TRUE(manifest->outputs.empty());
  EXPECT_EQ(manifest->metadata, "");
}

TEST(ManifestTest, TheFileCountsWhereBothSpeak) {
  const auto manifest = ParseManifest(
      "{\"manifest\":{\"outputs\":[{\"ref\":\"a\",\"rows\":1,\"bytes\":9}],\"metadata\":{\"k\":1,"
      "\"l\":2}}}\n",
      "{\"outputs\":[{\"ref\":\"a\",\"rows\":2}],\"metadata\":{\"k\":3}}", {"a", "b"});
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->outputs.at("a").rows, 2);
  EXPECT_EQ(manifest->outputs.at("a").bytes, 9);
  EXPECT_EQ(manifest->metadata, "{\"k\":3,\"l\":2}");
}

TEST(ManifestTest, NotesBecomeMetadata) {
  const auto manifest = ParseManifest(
      "{\"metric\":{\"name\":\"n\",\"value\":1}}\n{\"metric\":{\"name\":\"n\",\"value\":2.5}}\n"
      "{\"event\":{\"at\":\"x\"}}\n{\"metric\":7}\n{\"metric\": nonsense\n",
      "", {"a"});
  ASSERT_TRUE(manifest.ok());
  EXPECT_EQ(manifest->metadata, "{\"events\":[{\"at\":\"x\"}],\"metrics\":{\"n\":2.5}}");
}

TEST(ManifestTest, TellsEveryKindOfLie) {
  EXPECT_EQ(Complaint("", "{"), "$FFT_MANIFEST: not JSON");
  EXPECT_EQ(Complaint("", "[]"), "$FFT_MANIFEST: no JSON object");
  EXPECT_EQ(Complaint("", "{\"outputs\":{}}"), "$FFT_MANIFEST: `outputs` is no list");
  EXPECT_EQ(Complaint("", "{\"outputs\":[1]}"),
            "$FFT_MANIFEST: an entry of `outputs` is no object");
  EXPECT_EQ(Complaint("", "{\"outputs\":[{}]}"), "$FFT_MANIFEST: an output without a `ref`");
  EXPECT_EQ(Complaint("", "{\"outputs\":[{\"ref\":\"c\"}]}"),
            "$FFT_MANIFEST: it names c, which is no output of this run");
  EXPECT_EQ(Complaint("", "{\"outputs\":[{\"ref\":\"a\",\"rows\":-2}]}"),
            "$FFT_MANIFEST: output a: `rows` is negative: -2");
  EXPECT_EQ(Complaint("", "{\"outputs\":[{\"ref\":\"a\",\"rows\":\"2\"}]}"),
            "$FFT_MANIFEST: output a: `rows` is no integer");
  EXPECT_EQ(Complaint("", "{\"outputs\":[{\"ref\":\"a\",\"rows\":18446744073709551615}]}"),
            "$FFT_MANIFEST: output a: `rows` is larger than 2^63");
  EXPECT_EQ(Complaint("", "{\"outputs\":[{\"ref\":\"a\",\"uri\":\"\"}]}"),
            "$FFT_MANIFEST: output a: `uri` is no text of 1 to 4096 bytes");
  EXPECT_EQ(Complaint("", "{\"metadata\":[]}"), "$FFT_MANIFEST: `metadata` is no object");
  EXPECT_EQ(Complaint("{\"manifest\": nonsense}\n", ""),
            "the printed manifest: the line is not JSON, or longer than 1 MiB");
  EXPECT_EQ(Complaint("", "{\"metadata\":{\"x\":\"" + std::string(70'000, 'y') + "\"}}"),
            "the manifest: metadata of more than 65536 bytes");
}

}  // namespace
}  // namespace fft
