#include "server/rpc/principal.h"

#include <algorithm>

#include "server/base/error_details.h"
#include "server/rpc/error.h"

namespace fft {

namespace {

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '@' || c == '-';
}

}  // namespace

bool IsLocalPeer(std::string_view peer) {
  for (const std::string_view local :
       {"unix:", "unix-abstract:", "inproc", "ipv4:127.",
        "ipv6:[::1]:", "ipv6:%5B::1%5D:", "ipv6:[::ffff:127.", "ipv6:%5B::ffff:127."})
    if (peer.starts_with(local)) return true;
  return false;
}

StatusOr<std::string> PrincipalFrom(std::string_view peer, std::string_view said) {
  if (!IsLocalPeer(peer))
    return WithDetails(
        Error(Code::kUnauthenticated, "callers from other machines cannot be told apart yet: {}",
              Clean(peer, 100)),
        {.reason = "NO_CREDENTIALS", .metadata = {{"peer", Clean(peer, 100)}}, .fields = {}});
  if (said.empty()) return std::string(kDefaultPrincipal);
  if (said.size() > 64 || !std::all_of(said.begin(), said.end(), IsNameCharacter))
    return InvalidField(kPrincipalKey, "is not 1 to 64 of letters, digits and ._@-");
  return std::string(said);
}

StatusOr<std::string> PrincipalOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto said = metadata.find(kPrincipalKey);
  if (said == metadata.end()) return PrincipalFrom(context.peer(), {});
  return PrincipalFrom(context.peer(), {said->second.data(), said->second.size()});
}

}  // namespace fft
