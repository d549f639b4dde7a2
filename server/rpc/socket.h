#pragma once

#include <string>

#include <sys/un.h>

#include "server/base/status.h"

namespace fft {

bool IsUnixAddress(const std::string& address);

/// FAILED_PRECONDITION with the address and what is wrong with it.
Status CannotListen(const std::string& address, const std::string& why);

/// Of a unix address.  FAILED_PRECONDITION: its path is none, or too long.
Status UnixName(const std::string& address, sockaddr_un* name);

/// Whether we may listen there: it would take the socket of a living daemon away.
Status CheckAddress(const std::string& address);

}  // namespace fft
