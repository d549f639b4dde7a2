#pragma once

#include <exception>
#include <string>

#include <libpq-fe.h>

#include "server/base/status.h"

namespace fft::pg {

/// What a failure inside the database means to us: the only place that knows its codes and the
/// exceptions of its libraries.
///   ABORTED       the epoch is over
///   UNAVAILABLE   the server is gone, refuses us or undid the transaction: nothing was done
///   UNKNOWN       the connection broke during a commit: done or not
///   OUT_OF_RANGE  a log would get a gap
///   INTERNAL      our statement or our schema is wrong
Status FromException(const std::exception& error, const std::string& doing);

/// For a result that is not what was asked for; `result` may be null when there is none.
Status FromResult(const PGresult* result, const PGconn* connection, const std::string& doing);

/// True when the server itself said what is wrong, so that the fate of the transaction is known.
bool IsServersWord(const PGresult* result);

/// The first line without its newline: libpq's messages have several.
std::string FirstLine(const char* text);

}  // namespace fft::pg
