#include "client/worker/sql_run.h"

#include <gtest/gtest.h>

#include "guardian_client.h"

namespace fft {
namespace {

namespace v1 = build::v1;

class Blobs final : public BlobSource {
 public:
  Status Read(const Digest& digest, const std::function<Status(std::string_view)>& take) override {
    ++reads;
    if (digest != Sha256("select 2")) return Error(Code::kNotFound, "no such blob");
    return take("select 2");
  }
  int reads = 0;
};

v1::Grant Incremental() {
  v1::Grant grant;
  grant.set_run(7);
  grant.set_root_uri("postgresql://h:5432/d/mart");
  grant.set_connection("host=h");
  grant.mutable_config()->add_outputs("t");
  v1::SqlTask& sql = *grant.mutable_config()->mutable_sql();
  sql.set_query("t.sql");
  sql.set_delta_query("t.delta.sql");
  for (const auto& [path, text] : {std::pair("t.sql", "select 1"), {"t.delta.sql", "select 2"}}) {
    v1::FrozenFile& file = *grant.mutable_config()->add_files();
    file.set_path(path);
    file.set_digest(std::string(Sha256(text).view()));
  }
  return grant;
}

void Add(const std::string& digest_of, const std::string& data, v1::Grant* grant) {
  v1::GrantedText& text = *grant->add_texts();
  text.set_digest(std::string(Sha256(digest_of).view()));
  text.set_data(data);
}

TEST(SqlRunTest, WhatTheGrantBringsIsNotAskedFor) {
  TestFolder dir;
  Blobs source;
  BlobCache cache(dir.path(), source);
  v1::Grant grant = Incremental();
  Add("select 1", "select 1", &grant);
  const auto making = MakingOf(grant, cache, "svc");
  ASSERT_TRUE(making.ok()) << making.status();
  EXPECT_EQ(making->query, "select 1");
  EXPECT_EQ(making->delta_query, "select 2");
  EXPECT_EQ(source.reads, 1);
}

TEST(SqlRunTest, WhatIsNotWhatItSaysIsAskedFor) {
  TestFolder dir;
  Blobs source;
  BlobCache cache(dir.path(), source);
  v1::Grant grant = Incremental();
  Add("select 1", "drop table t", &grant);
  const auto making = MakingOf(grant, cache, "svc");
  EXPECT_EQ(making.status().code(), Code::kUnavailable);
  EXPECT_EQ(source.reads, 1);
}

}  // namespace
}  // namespace fft
