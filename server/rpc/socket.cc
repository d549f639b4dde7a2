#include "server/rpc/socket.h"

#include <cstring>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/base/error_details.h"

namespace fft {

namespace {

constexpr char kUnix[] = "unix:";

bool IsAnswered(const sockaddr_un& address) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool is_answered =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return is_answered;
}

}  // namespace

bool IsUnixAddress(const std::string& address) { return address.starts_with(kUnix); }

Status CannotListen(const std::string& address, const std::string& why) {
  return WithDetails(Error(Code::kFailedPrecondition, "cannot listen on {}: {}", address, why),
                     {.reason = "CANNOT_LISTEN", .metadata = {{"address", address}}, .fields = {}});
}

Status UnixName(const std::string& address, sockaddr_un* name) {
  std::string path = address.substr(sizeof kUnix - 1);
  if (path.starts_with("//")) path.erase(0, 2);
  name->sun_family = AF_UNIX;
  if (path.empty()) return CannotListen(address, "it has no path");
  if (path.size() >= sizeof name->sun_path)
    return CannotListen(address, fmt::format("the path is {} bytes long, {} is the most",
                                             path.size(), sizeof name->sun_path - 1));
  std::memcpy(name->sun_path, path.data(), path.size());
  return Ok();
}

Status CheckAddress(const std::string& address) {
  if (!IsUnixAddress(address)) return Ok();
  sockaddr_un name{};
  if (Status named = UnixName(address, &name); !named.ok()) return named;
  if (IsAnswered(name)) return CannotListen(address, "another program answers there");
  return Ok();
}

}  // namespace fft
