#include "server/base/seal.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.h"

namespace fft {
namespace {

TEST(SealTest, OpensWhatItClosedUnderThatNameAlone) {
  const Seal seal(std::string(Seal::kKeyBytes, 'k'));
  const std::string sealed = seal.Close("warehouse", "postgresql://u:secret@h/d");
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
  EXPECT_EQ(*seal.Unseal("warehouse", sealed), "postgresql://u:secret@h/d");
  EXPECT_EQ(seal.Unseal("other", sealed).status().code(), Code::kDataLoss);
  EXPECT_NE(seal.Close("warehouse", "postgresql://u:secret@h/d"), sealed) << "a nonce of its own";
  EXPECT_EQ(*seal.Unseal("empty", seal.Close("empty", "")), "");
}

TEST(SealTest, ChangedBytesAndOtherKeysDoNotOpen) {
  const Seal seal(std::string(Seal::kKeyBytes, 'k'));
  const std::string sealed = seal.Close("n", "text");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(seal.Unseal("n", changed).ok()) << i;
  }
  EXPECT_FALSE(seal.Unseal("n", sealed.substr(0, 20)).ok());
  EXPECT_FALSE(Seal(std::string(Seal::kKeyBytes, 'x')).Unseal("n", sealed).ok());
}

TEST(SealTest, AKeyIsMadeOnceAndReadByItsOwnerAlone) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/key";
  EXPECT_EQ(Seal::Open(path, false).status().code(), Code::kFailedPrecondition);
  const auto first = Seal::Open(path, true);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto again = Seal::Open(path, true);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again->Unseal("n", first->Close("n", "text")), "text");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(Message(Seal::Open(path, true).status()),
            "the key of secrets " + path + ": others than its owner may read it: chmod 600");
  std::ofstream(path, std::ios::trunc) << "short";
  EXPECT_EQ(Message(Seal::Open(path, false).status()),
            "the key of secrets " + path + ": is not 32 bytes long");
}

}  // namespace
}  // namespace fft
