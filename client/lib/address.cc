#include "client/lib/address.h"

#include <cstdlib>
#include <sstream>
#include <vector>

#include <unistd.h>

#include <pwd.h>

#include "server/base/paths.h"

namespace fft {

namespace {

std::string Variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string DefaultAddress() { return "unix:" + DefaultSocketPath(); }

std::string AddressOf(const std::string& flag) {
  const std::string address = flag.empty() ? Variable("FFT_ADDRESS") : flag;
  if (address.empty()) return DefaultAddress();
  std::string targets;
  std::istringstream in(address);
  for (std::string one; std::getline(in, one, ',');) {
    if (one.empty()) continue;
    if (!targets.empty()) targets += ',';
    targets += one.front() == '/' || one.front() == '.' ? "unix:" + one : one;
  }
  return targets.empty() ? DefaultAddress() : targets;
}

std::string LocalUser() {
  std::vector<char> buffer(1 << 14);
  passwd row{};
  passwd* found = nullptr;
  const int failure = getpwuid_r(geteuid(), &row, buffer.data(), buffer.size(), &found);
  return failure == 0 && found != nullptr ? found->pw_name : std::to_string(geteuid());
}

}  // namespace fft
