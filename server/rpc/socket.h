#pragma once

#include <string>

#include "server/base/status.h"

namespace fft {

bool IsUnixAddress(const std::string& address);

/// FAILED_PRECONDITION with the address and what is wrong with it.
Status CannotListen(const std::string& address, const std::string& why);

/// Whether gRPC may be told to listen there: it would take the socket of a living daemon away.
Status CheckAddress(const std::string& address);

}  // namespace fft
