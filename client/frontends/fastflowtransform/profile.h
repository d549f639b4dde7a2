#pragma once

#include <string>

#include "client/frontends/fastflowtransform/dotenv.h"
#include "server/base/status.h"

namespace fft {

/// Where a project's relations are: one environment of profiles.yml.
struct Profile {
  std::string name;    // as it was asked for
  std::string engine;  // `postgres`
  /// A libpq URI.  What it leaves out follows libpq's defaults.
  std::string dsn;
  std::string schema = "public";
};

/// Environment `name` of profiles.yml, `default` where there is no such one; of no name, `default`
/// or else the first.  `text` has been through Jinja; `file` is for errors.  FF_ENGINE, FF_PG_DSN
/// and FF_PG_SCHEMA of `variables` go over what the file says; where they say all, the file may say
/// nothing.  Of the other environments nothing is read.
StatusOr<Profile> ReadProfile(const std::string& file, const std::string& text,
                              const std::string& name, const Variables& variables);

/// `postgresql+psycopg://u:p@h/d` as libpq wants it; INVALID_ARGUMENT, without any password, when
/// it is no URL of PostgreSQL.
StatusOr<std::string> LibpqUri(const std::string& dsn);

}  // namespace fft
