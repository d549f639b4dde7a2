#pragma once

#include <string>
#include <vector>

#include "server/base/status.h"

namespace fft {

/// One numbered file of migrations/, as it was when the program was built.
struct Migration {
  int version = 0;
  const char* name = nullptr;  // of the file
  const char* sql = nullptr;
};
/// In order of their versions, from 1 without a gap.
const std::vector<Migration>& Migrations();

/// Brings the database at `conninfo` to the schema of this program, under a lock, in one
/// transaction. Returns the schema's version.
///   FAILED_PRECONDITION  the schema is newer than this program, or the database is not UTF-8
///   UNAVAILABLE          the database is not there
StatusOr<int> Migrate(const std::string& conninfo);

/// FAILED_PRECONDITION unless the schema is exactly this program's: for who may not change it.
Status CheckSchema(const std::string& conninfo);

}  // namespace fft
