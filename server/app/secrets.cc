#include "server/app/secrets.h"

#include <utility>

#include "server/base/error_details.h"
#include "server/base/log.h"

namespace fft {

Status Secrets::Load(Library& library) {
  if (!seal_) return Ok();
  const auto sealed = library.ListSecrets();
  if (!sealed.ok()) return sealed.status();
  std::map<std::string, Open> open;
  for (const SealedSecret& secret : *sealed) {
    auto value = seal_->Unseal(secret.name, secret.sealed);
    if (value.ok())
      open[secret.name] = {*std::move(value), secret.version};
    else
      LogWarning("{}; set it again", Message(value.status()));
  }
  const std::lock_guard lock(mutex_);
  open_ = std::move(open);
  return Ok();
}

StatusOr<std::int64_t> Secrets::Set(Library& library, const std::string& name,
                                    const std::string& value, const std::string& principal,
                                    TimePoint now) {
  if (!seal_)
    return WithDetails(Error(Code::kFailedPrecondition,
                             "this daemon keeps no secrets: it was given no secrets_key_file"),
                       {.reason = "NO_SECRETS_KEY", .metadata = {}, .fields = {}});
  {
    const std::lock_guard lock(mutex_);
    const auto known = open_.find(name);
    if (known != open_.end() && known->second.value == value) return known->second.version;
  }
  const auto version =
      library.SaveSecret({.name = name, .sealed = seal_->Close(name, value)}, principal, now);
  if (!version.ok()) return version.status();
  const std::lock_guard lock(mutex_);
  Open& open = open_[name];
  if (open.version < *version) open = {value, *version};  // two may be set at once
  return *version;
}

std::string Secrets::Find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(name);
  return found == open_.end() ? std::string() : found->second.value;
}

}  // namespace fft
