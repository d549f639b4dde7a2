#pragma once

#include <string>
#include <string_view>

#include <grpcpp/server_context.h>

#include "server/base/status.h"

namespace fft {

/// Metadata by which a client on this machine says as whom it calls: the name of its user.
inline constexpr char kPrincipalKey[] = "fft-principal";
inline constexpr char kDefaultPrincipal[] = "local";

/// True for a unix socket, a loopback address, or a channel within this process.
bool IsLocalPeer(std::string_view peer);

/// Who calls.  A local caller is who it says it is (`fft-principal`: 1 to 64 of letters, digits and
/// `._@-`), by default `local`: whoever may open the socket is trusted with its own name.
///   UNAUTHENTICATED   the call comes from another machine
///   INVALID_ARGUMENT  the name is none
StatusOr<std::string> PrincipalFrom(std::string_view peer, std::string_view said);
StatusOr<std::string> PrincipalOf(const grpc::ServerContextBase& context);

}  // namespace fft
