#pragma once

#include <gtest/gtest.h>

#include "server/base/error_details.h"
#include "server/store/pg_library.h"
#include "server/store/pg_store.h"
#include "tests/store/database.h"
#include "tests/store/samples.h"

namespace fft {

/// A database with a leader that commits, and a library that reads.
class LibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto epoch = store_.TakeLead("test");
    ASSERT_TRUE(epoch.ok()) << epoch.status();
    epoch_ = *epoch;
  }
  void Commit(const ChangeSet& changes) { ASSERT_EQ(store_.Commit(epoch_, changes), Ok()); }
  std::string Psql(const std::string& sql) { return Server().Psql(NameOf(conninfo_), sql); }

  /// All items of a list, in pages of `size`; a page more than needed fails the test.
  template <class T, class List>
  std::vector<T> All(int size, List list) {
    std::vector<T> all;
    PageRequest request{.size = size, .after = {}};
    do {
      const StatusOr<Page<T>> page = list(request);
      EXPECT_TRUE(page.ok()) << page.status();
      if (!page.ok()) break;
      EXPECT_LE(page->items.size(), static_cast<std::size_t>(size));
      all.insert(all.end(), page->items.begin(), page->items.end());
      request.after = page->next;
    } while (!request.after.empty());
    return all;
  }

  const std::string conninfo_ = FreshDatabase();
  PgStore store_{conninfo_};
  PgLibrary library_{conninfo_, 3};
  Epoch epoch_;
};

/// That `status` is NOT_FOUND with `reason`.
inline void ExpectMissing(const Status& status, const std::string& reason) {
  EXPECT_EQ(status.code(), Code::kNotFound) << status;
  EXPECT_EQ(DetailsOf(status).reason, reason) << status;
}

}  // namespace fft
