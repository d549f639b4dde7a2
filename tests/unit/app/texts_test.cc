#include "server/app/texts.h"

#include <gtest/gtest.h>

namespace fft {
namespace {

Grant GrantOf(Runner runner, const std::string& query, const std::string& delta) {
  JobConfig config;
  config.frame = JobFrame{.runner = runner,
                          .files = {{"a.sql", Sha256("select 1")}, {"b.sql", Sha256("select 2")}},
                          .sql = SqlTask{.query = query, .delta_query = delta}};
  Grant grant;
  grant.config = std::make_shared<const JobConfig>(std::move(config));
  return grant;
}

TEST(Texts, AGrantTakesAlongWhatItsTaskNames) {
  Texts texts;
  texts.Keep(Sha256("select 1"), "select 1");
  texts.Keep(Sha256("select 2"), "select 2");
  Grant both = GrantOf(Runner::kSql, "a.sql", "b.sql");
  texts.Hand(both);
  ASSERT_EQ(both.texts.size(), 2U);
  EXPECT_EQ(both.texts[0].digest, Sha256("select 1"));
  EXPECT_EQ(*both.texts[0].text, "select 1");
  EXPECT_EQ(*both.texts[1].text, "select 2");
  Grant one = GrantOf(Runner::kSql, "b.sql", "");
  texts.Hand(one);
  ASSERT_EQ(one.texts.size(), 1U);
  EXPECT_EQ(*one.texts[0].text, "select 2");
  Grant process = GrantOf(Runner::kExec, "a.sql", "b.sql");
  texts.Hand(process);
  EXPECT_TRUE(process.texts.empty());
}

TEST(Texts, WhatIsNotKnownIsAskedFor) {
  Texts texts;
  Grant grant = GrantOf(Runner::kSql, "a.sql", "");
  texts.Hand(grant);
  EXPECT_TRUE(grant.texts.empty());
}

TEST(Texts, LongOnesAndThoseNotUsedForLongAreNotKept) {
  Texts texts(3 * 1000);
  const std::string text(600, 'x');
  texts.Keep(Sha256("long"), std::string(20'000, 'x'));
  EXPECT_EQ(texts.Find(Sha256("long")), nullptr);
  for (const char* name : {"1", "2", "3"}) texts.Keep(Sha256(name), text);
  EXPECT_NE(texts.Find(Sha256("1")), nullptr);
  texts.Keep(Sha256("4"), text);
  EXPECT_EQ(texts.Find(Sha256("2")), nullptr);
  for (const char* name : {"1", "3", "4"}) EXPECT_NE(texts.Find(Sha256(name)), nullptr) << name;
}

}  // namespace
}  // namespace fft
