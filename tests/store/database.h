#pragma once

#include <string>

#include "tests/support/temporary_postgres.h"

namespace fft {

/// The one server of this program.
TemporaryPostgres& Server();

/// The conninfo of a new, migrated, empty database on it.
std::string FreshDatabase();
/// Its name: for Server().Psql().
std::string NameOf(const std::string& conninfo);

}  // namespace fft
